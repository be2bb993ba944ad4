/**
 * How a process reaches the database: runs `transaction` there when it pleases, once or never, and
 * answers when it pleases or rejects. All faults between a process and its database live here.
 */
export type Link = <R>(transaction: () => R) => Promise<R>;
