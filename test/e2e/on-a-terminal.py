"""Runs a program on a terminal of its own: on-a-terminal.py COLUMNS ROWS PROGRAM ARGUMENTS...

What it writes goes to standard output. Each line of standard input is a command in JSON: {"keys": TEXT} types,
{"resize": [COLUMNS, ROWS]} resizes. Exits as the program does.
"""

import fcntl, json, os, pty, select, signal, struct, sys, termios

columns, rows, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]


def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


pid, fd = pty.fork()
if pid == 0:
    resize(0, columns, rows)
    os.execvp(program[0], program)
resize(fd, columns, rows)

commands, watched = b"", [fd, 0]
while True:
    ready = select.select(watched, [], [])[0]
    if 0 in ready:
        read = os.read(0, 4096)
        if read == b"":
            watched.remove(0)
        commands += read
        while b"\n" in commands:
            line, commands = commands.split(b"\n", 1)
            command = json.loads(line)
            if "keys" in command:
                os.write(fd, command["keys"].encode())
            if "resize" in command:
                resize(fd, *command["resize"])
                os.kill(pid, signal.SIGWINCH)
    if fd in ready:
        try:
            data = os.read(fd, 65536)
        except OSError:  # the program has closed its end
            break
        if data == b"":
            break
        os.write(1, data)

sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)
