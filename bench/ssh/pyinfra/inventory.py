"""Three machines, logged in to as ~/.ssh/config says."""

hosts = ["kafka-1", "kafka-2", "kafka-3"]
