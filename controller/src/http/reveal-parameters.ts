import "reflect-metadata";

const PARAMETER_TYPES = "design:paramtypes";

/**
 * Tells the describer of the API how many parameters each route has. It reads that from metadata only TypeScript's
 * `emitDecoratorMetadata` writes, which we do not use; the types themselves come from the declared schemas.
 */
export function revealParameters(
  routes: readonly { readonly name: string; readonly prototype: object }[],
): void {
  for (const { prototype } of routes) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
      if (name === "constructor" || typeof method !== "function") continue;
      const types = Array.from({ length: method.length }, () => Object);
      Reflect.defineMetadata(PARAMETER_TYPES, types, prototype, name);
    }
  }
}
