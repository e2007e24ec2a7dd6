/** Panels of a Grafana dashboard as short data, and the JSON that Grafana takes. */

type Query = { readonly expr: string; readonly legend: string };

export type Panel = {
  readonly kind: "stat" | "graph" | "timeline" | "table";
  readonly title: string;
  /** What it shows, where the title does not say all. */
  readonly about?: string;
  readonly queries: readonly Query[];
  readonly unit?: "short" | "ops" | "Bps" | "s" | "percentunit" | "bytes" | "reqps" | "none";
  /** Of the 24 columns. */
  readonly width: number;
  /** From which value on it is no longer green. `below`: under which. */
  readonly warnFrom?: number;
  readonly badFrom?: number;
  readonly badBelow?: number;
  readonly stacked?: true;
  readonly max?: number;
};

export type Row = { readonly title: string; readonly panels: readonly Panel[] };

type Json = Readonly<Record<string, unknown>>;

const source = { type: "prometheus", uid: "${datasource}" };
const height: Readonly<Record<Panel["kind"], number>> = { stat: 4, graph: 8, timeline: 8, table: 8 };

export function graph(title: string, width: number, unit: NonNullable<Panel["unit"]>, ...queries: Query[]): Panel {
  return { kind: "graph", title, width, unit, queries };
}

export function stat(title: string, width: number, expr: string, more: Partial<Panel> = {}): Panel {
  return { kind: "stat", title, width, unit: "none", queries: [{ expr, legend: "" }], ...more };
}

export const query = (expr: string, legend: string): Query => ({ expr, legend });

/** Rows from top to bottom, the panels of each from left to right. */
export function laidOut(rows: readonly Row[]): readonly Json[] {
  let id = 0;
  let y = 0;
  return rows.flatMap(({ title, panels }) => {
    const row = { id: ++id, type: "row", title, collapsed: false, gridPos: { h: 1, w: 24, x: 0, y }, panels: [] };
    y += 1;
    let x = 0;
    let line = 0;
    const placed = panels.map((panel) => {
      if (x + panel.width > 24) {
        y += line;
        x = 0;
        line = 0;
      }
      const h = height[panel.kind];
      const gridPos = { h, w: panel.width, x, y };
      x += panel.width;
      line = Math.max(line, h);
      return panelJson(panel, ++id, gridPos);
    });
    y += line;
    return [row, ...placed];
  });
}

function panelJson(panel: Panel, id: number, gridPos: Json): Json {
  return {
    id,
    type: { stat: "stat", graph: "timeseries", timeline: "state-timeline", table: "table" }[panel.kind],
    title: panel.title,
    ...(panel.about === undefined ? {} : { description: panel.about }),
    datasource: source,
    gridPos,
    targets: panel.queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource: source,
      expr,
      legendFormat: legend,
      ...(panel.kind === "table" ? { format: "table", instant: true } : {}),
      ...(panel.kind === "stat" ? { instant: true } : {}),
    })),
    fieldConfig: { defaults: defaultsOf(panel), overrides: [] },
    options: optionsOf(panel),
    ...(panel.kind === "table"
      ? {
          transformations: [
            { id: "organize", options: { excludeByName: { Time: true, Value: true, __name__: true } } },
          ],
        }
      : {}),
  };
}

function thresholds({ warnFrom, badFrom, badBelow }: Panel): Json {
  const steps: Json[] = [{ color: badBelow === undefined ? "green" : "red", value: null }];
  if (badBelow !== undefined) steps.push({ color: "green", value: badBelow });
  if (warnFrom !== undefined) steps.push({ color: "orange", value: warnFrom });
  if (badFrom !== undefined) steps.push({ color: "red", value: badFrom });
  return { mode: "absolute", steps };
}

function defaultsOf(panel: Panel): Json {
  const common = { unit: panel.unit ?? "short", thresholds: thresholds(panel), noValue: "–" };
  if (panel.kind === "timeline")
    return {
      ...common,
      color: { mode: "thresholds" },
      mappings: [{ type: "value", options: { 0: { text: "down", color: "red" }, 1: { text: "up", color: "green" } } }],
      custom: { fillOpacity: 70, lineWidth: 0 },
    };
  if (panel.kind !== "graph") return { ...common, color: { mode: "thresholds" }, mappings: [] };
  return {
    ...common,
    min: 0,
    ...(panel.max === undefined ? {} : { max: panel.max }),
    color: { mode: "palette-classic" },
    custom: {
      drawStyle: "line",
      lineInterpolation: "smooth",
      lineWidth: 2,
      fillOpacity: panel.stacked === true ? 30 : 10,
      gradientMode: "opacity",
      showPoints: "never",
      spanNulls: false,
      stacking: { mode: panel.stacked === true ? "normal" : "none", group: "A" },
    },
  };
}

const legend = { displayMode: "list", placement: "bottom", calcs: [] };

/** Whole, as Grafana's own schema wants them: what is not written is not left to the defaults of one version. */
function optionsOf({ kind }: Panel): Json {
  switch (kind) {
    case "stat":
      return {
        reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
        colorMode: "background",
        graphMode: "none",
        justifyMode: "center",
        textMode: "value",
        orientation: "auto",
        wideLayout: true,
        showPercentChange: false,
        percentChangeColorMode: "standard",
      };
    case "graph":
      return {
        legend: { ...legend, showLegend: true },
        tooltip: { mode: "multi", sort: "desc" },
      };
    case "timeline":
      return {
        showValue: "never",
        mergeValues: true,
        rowHeight: 0.8,
        legend: { ...legend, showLegend: false },
        tooltip: { mode: "single", sort: "none" },
      };
    case "table":
      return { frameIndex: 0, showHeader: true, cellHeight: "sm", footer: { show: false, reducer: [] } };
  }
}
