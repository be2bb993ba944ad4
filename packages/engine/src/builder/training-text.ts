/** The English from which test models learn their vocabulary and their manner of speaking. */
export const TRAINING_PARAGRAPHS: readonly string[] = [
  `Runfleet is a broker and a fleet of workers. You send a prompt, the broker finds a worker with a free slot, and the worker writes the answer while you watch. Every step of the way is an event, and every event is kept in the database before anyone can see it.`,
  `A request becomes a task. The task waits in a fair queue, where no tenant can push another aside. When a slot is free, the broker assigns the task to a worker, and the worker accepts it. The worker reads the prompt, runs the model, and streams the answer token by token. When the answer is complete, the task is finished and the price is settled to the last digit.`,
  `Fairness means that a tenant with a thousand tasks and a tenant with one task both make progress. The scheduler counts the seconds that each tenant has used, and the tenant that has used the least goes first. A tenant may pay for a larger share, but nobody can buy the whole fleet.`,
  `Machines fail, and that is normal. A worker that stops sending its heartbeat is lost, and its tasks go back to the queue. Each attempt has an epoch, so an old worker that wakes up late cannot write over the work of a new one. The user sees the same answer, because the seed of the task never changes.`,
  `Money is counted in whole numbers. When a task starts, the system holds what the task may cost. When the task ends, the system charges what it did cost and gives the rest back. A task that failed or was cancelled costs nothing. The books always balance, and a receipt shows how the price was made.`,
  `A model is a folder of files. The tokenizer turns text into numbers, the graph turns numbers into other numbers, and the sampler chooses the next token. The engine keeps the keys and values of the past in a cache, so that each new token costs one step. Several answers share one model, each in a slot of its own.`,
  `The gateway sends events to everyone who follows a task. A reader that comes late gets the past first and then the present, with nothing missing and nothing twice. A reader that is too slow is told where it was, so that it can come back and go on from there.`,
  `You can run Runfleet on one machine with one command. You can also run it on many machines, with many brokers, gateways and workers, and take any one of them away. The database decides what is true. The cache only helps it to be fast, and it may be lost at any time without losing a task.`,
  `Operators see the length of each queue, the state of every worker and the cost of the day. They can drain a worker, change a limit or stop a task. A good system is quiet, it says what it does, and when something is wrong it says what to do next.`,
  `Ask a short question and you will get a short answer. Ask for a story and the words will follow one another like boats on a river. Morning comes, the light is soft, and the small lamps of the machines are green. Someone writes a line, someone reads it, and the work goes on.`,
];

/** Put together, these name the tokens that a large vocabulary has beyond what the text teaches. */
export const FILLER_WORDS: readonly string[] = [
  ...new Set(
    TRAINING_PARAGRAPHS.join(' ')
      .toLowerCase()
      .match(/[a-z]{3,}/gu) ?? [],
  ),
];
