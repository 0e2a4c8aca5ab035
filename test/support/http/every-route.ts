import "reflect-metadata";
import { RequestMethod } from "@nestjs/common";
import { ACCESS_KEY, type Access } from "../../../controller/src/http/access/access.ts";
import { routes } from "../../../controller/src/http/http-module.ts";

export interface DeclaredRoute {
  /** `GET /v1/releases/:digest`. */
  readonly route: string;
  readonly access: Access | undefined;
}

/** Every route as its class declares it, and who may call it; in the order of their names. */
export function everyRoute(): readonly DeclaredRoute[] {
  const found = routes.flatMap((controller) => {
    const base = String(Reflect.getMetadata("path", controller));
    const onClass = Reflect.getMetadata(ACCESS_KEY, controller) as Access | undefined;
    return methodsOf(controller.prototype).flatMap((handler) => {
      const method = Reflect.getMetadata("method", handler) as RequestMethod | undefined;
      if (method === undefined) return [];
      const path = String(Reflect.getMetadata("path", handler));
      const access = (Reflect.getMetadata(ACCESS_KEY, handler) as Access | undefined) ?? onClass;
      const whole = `/${base}/${path}`.replaceAll(/\/+/g, "/").replace(/\/$/, "");
      // The router takes two colons for one that is meant as itself.
      return [{ route: `${RequestMethod[method]} ${whole.replace("::", ":")}`, access }];
    });
  });
  return found.toSorted((one, other) => (one.route < other.route ? -1 : 1));
}

/** A path with something of the right form in place of its parameters. */
export function pathOf(path: string): string {
  return path.replaceAll(/(?<=\/):(\w+)/g, (_, name: string) => examples[name] ?? "1");
}

const examples: Readonly<Record<string, string>> = {
  digest: "a".repeat(64),
  id: "cam-1",
  version: "1",
};

function methodsOf(prototype: object): readonly object[] {
  return Object.getOwnPropertyNames(prototype)
    .map((name): unknown => Object.getOwnPropertyDescriptor(prototype, name)?.value)
    .filter((method) => typeof method === "function");
}
