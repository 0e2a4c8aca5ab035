import * as z from "zod";

const Path = z
  .string()
  .max(200)
  .regex(/^\/[^\0]*$/, "expected an absolute path");
const Text = z.string().min(1).max(128);

const FileProbe = z.strictObject({ file: Path, contains: Text });
const DmiProbe = z.strictObject({
  dmi: z.enum(["sys_vendor", "product_name", "product_family", "board_name", "chassis_type"]),
  contains: Text.optional(),
  equals: Text.optional(),
});
const OneProbe = z.union([FileProbe, DmiProbe]);
type OneProbe = z.infer<typeof OneProbe>;

/** How a device shows what board it is: a text in a file, a field of its firmware's DMI table, or several of these at once. */
export const Probe = z.union([OneProbe, z.strictObject({ all: z.array(OneProbe).min(2).max(4) })]);
export type Probe = z.infer<typeof Probe>;

/** The text of a file of the device; null when there is none or it cannot be read. */
export type ReadText = (path: string) => string | null;

/** Whether a probe holds on the device whose files `read` gives. */
export function probeHolds(probe: Probe, read: ReadText): boolean {
  if ("all" in probe) return probe.all.every((one) => oneHolds(one, read));
  return oneHolds(probe, read);
}

function oneHolds(probe: OneProbe, read: ReadText): boolean {
  const text = read("file" in probe ? probe.file : `/sys/class/dmi/id/${probe.dmi}`);
  if (text === null) return false;
  if ("file" in probe) return text.includes(probe.contains);
  const value = text.trim();
  const { contains, equals } = probe;
  if (contains === undefined && equals === undefined) return false;
  return (contains === undefined || value.includes(contains)) && (equals ?? value) === value;
}
