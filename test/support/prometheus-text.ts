export type TextMetric = {
  readonly name: string;
  readonly help: string;
  readonly kind: string;
  readonly samples: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
};

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * A strict reader of Prometheus' text format 0.0.4: HELP, then TYPE, then the samples of that name alone; each line
 * ended; no label or sample twice.
 *
 * @throws Error naming the line
 */
export function parsePrometheusText(text: string): readonly TextMetric[] {
  if (text !== "" && !text.endsWith("\n")) throw new Error("expected the last line to be ended");
  const metrics: (TextMetric & { samples: TextMetric["samples"][number][] })[] = [];
  for (const line of text.split("\n")) {
    const [, word, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    const last = metrics.at(-1);
    if (word === "HELP") {
      check(metricName.test(name) && !metrics.some((known) => known.name === name), line);
      metrics.push({ name, help: rest, kind: "", samples: [] });
    } else if (word === "TYPE") {
      check(last?.name === name && last.kind === "" && /^(counter|gauge)$/.test(rest), line);
      metrics[metrics.length - 1] = { ...(last as (typeof metrics)[number]), kind: rest };
    } else if (line !== "") {
      check(last !== undefined && last.kind !== "", line);
      last?.samples.push(parseSample(line, last));
    }
  }
  return metrics;
}

function parseSample(line: string, { name, samples }: TextMetric): TextMetric["samples"][number] {
  const labels: Record<string, string> = {};
  check(line.startsWith(name), line);
  let at = name.length;
  if (line[at] === "{") {
    do {
      const pair = /^[{,]([^=]*)="((?:[^"\\]|\\[\\"n])*)"/.exec(line.slice(at));
      const [whole = "", label = "", value = ""] = pair ?? [];
      check(labelName.test(label) && !(label in labels), line);
      labels[label] = value.replace(/\\(.)/g, (_, escaped: string) =>
        escaped === "n" ? "\n" : escaped,
      );
      at += whole.length;
    } while (line[at] === ",");
    check(line[at] === "}", line);
    at += 1;
  }
  const [, number = ""] = /^ (\S+)$/.exec(line.slice(at)) ?? [];
  check(/^([-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|NaN|[+-]?Inf)$/i.test(number), line);
  const key = JSON.stringify(Object.entries(labels).sort());
  check(!samples.some((one) => JSON.stringify(Object.entries(one.labels).sort()) === key), line);
  return { labels, value: Number(number.replace("Inf", "Infinity")) };
}

function check(isRight: boolean, line: string): void {
  if (!isRight) throw new Error(`expected a line of the Prometheus text format, got ${line}`);
}
