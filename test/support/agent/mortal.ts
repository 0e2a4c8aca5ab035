/**
 * One life of a process. What is lent to it works until the life ends: from then on no call is made, and none comes
 * back, as after SIGKILL.
 */
export function mortal() {
  let isOver = false;
  return {
    lend: <Port extends object>(port: Port): Port =>
      new Proxy(port, {
        get: (target, name): unknown => {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== "function") return member;
          return (...given: readonly unknown[]): unknown =>
            isOver ? new Promise(() => undefined) : Reflect.apply(member, target, given);
        },
      }),
    end: (): void => {
      isOver = true;
    },
  };
}
