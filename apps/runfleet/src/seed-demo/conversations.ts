/** The prompts of the demo's tasks, with their answers. */
export type Conversation = { prompt: string; answer: string };

export const CONVERSATIONS: readonly Conversation[] = [
  {
    prompt: 'Explain in three sentences why the sky is blue.',
    answer:
      'Sunlight holds all colours, and air scatters short waves far more than long ones. Blue light therefore reaches our eyes from every direction of the sky, while red light mostly passes straight on. Near sunset the light crosses much more air, so the blue is scattered away and the red is what is left.',
  },
  {
    prompt: 'What is 17 * 23? Show the steps.',
    answer: '17 * 23 = 17 * 20 + 17 * 3 = 340 + 51 = 391.',
  },
  {
    prompt: 'Write a haiku about a queue that is always fair.',
    answer: 'One by one they stand,\nno one passes, none forgot.\nThe line breathes, and moves.',
  },
  {
    prompt: 'Translate "Where is the railway station?" into German, French and Spanish.',
    answer:
      '- German: Wo ist der Bahnhof?\n- French: Où est la gare ?\n- Spanish: ¿Dónde está la estación de tren?',
  },
  {
    prompt: 'Give me a SQL query for the ten customers with the highest revenue this year.',
    answer:
      "```sql\nselect customer_id, sum(amount) as revenue\nfrom orders\nwhere ordered_at >= date_trunc('year', now())\ngroup by customer_id\norder by revenue desc\nlimit 10;\n```\n\nThe index that helps is one on `(ordered_at, customer_id)` that includes `amount`.",
  },
  {
    prompt: 'Summarise what an idempotency key is for a product manager.',
    answer:
      'An idempotency key is a receipt number that the caller makes up before asking for something. If the network fails and the request is sent again with the same number, the server sees that it already did the work and gives the first answer again. So a customer who clicks twice is charged once. It costs the caller one random string per request and saves a whole class of support tickets.',
  },
  {
    prompt: 'Suggest five names for an internal tool that cleans up old test data.',
    answer: '1. Broom\n2. Low Tide\n3. Spring Clean\n4. Dustpan\n5. Compost',
  },
  {
    prompt: 'Turn this into a polite reply: no, we cannot ship before Friday.',
    answer:
      'Thank you for asking. We want to send your order complete and checked, and the earliest day on which we can do that is Friday. We will write to you as soon as it has left, and you can of course change or cancel it until then.',
  },
  {
    prompt: 'Explain the difference between a process and a thread to a student.',
    answer:
      'A process is a program that runs, with memory of its own that no other process can touch. A thread is one line of work inside a process, and all threads of a process share its memory. Threads are cheap to start and can hand each other data at once, but one that writes where another reads can break both. Processes cost more and talk through pipes or sockets, but when one crashes the others go on. A browser uses both: a process for each site, and several threads inside each.',
  },
  {
    prompt: 'Write a short product description for a wooden desk lamp.',
    answer:
      'A lamp for long evenings: an oiled oak stem, a linen shade and a warm light that can be dimmed by a touch. The base holds a wireless charger, the cable is two metres of woven cotton, and every part can be unscrewed and replaced.',
  },
  {
    prompt: 'Which unit tests would you write for a function that parses durations like "1h30m"?',
    answer:
      'I would write them as a table:\n\n| input | result |\n|---|---|\n| `90m` | 5,400 s |\n| `1h30m` | 5,400 s |\n| `0s` | 0 s |\n| `1h 30m` | an error, or the same: decide and say so |\n| `30m1h` | an error: units must fall |\n| `1.5h` | an error unless fractions are meant to work |\n| empty | an error that names the field |\n\nThen one property: for every number of seconds, writing it as a duration and reading it again gives the same number.',
  },
  {
    prompt: 'Classify the sentiment of: "It works, but I had to restart it three times."',
    answer: 'Mixed, rather negative: the result is accepted, the way to it was tiring.',
  },
  {
    prompt: 'Draft an agenda for a 30 minute meeting about reducing cloud costs.',
    answer:
      '**Aim:** choose two savings that we begin this week.\n\n1. Where the money goes: last month by service (5 min)\n2. Machines that idle at night and at weekends (8 min)\n3. Storage that was not read for 90 days (7 min)\n4. What we will not touch, and why (3 min)\n5. Decide two, name an owner and a date for each (7 min)',
  },
  {
    prompt: 'Tell me a very short story about a lighthouse.',
    answer:
      'The last keeper left in spring, and the lamp turned on by itself that night. The fishermen said it was a fault in the wiring. But it only ever burned when someone was still at sea, and it always went out when the last boat was tied up, as if it had been counting.',
  },
];

/** A prompt that does not fit the context: about 4,600 tokens. */
export const LONG_PROMPT = `Summarise this log:\n${'request served in 12 ms, queue empty, nothing to report\n'.repeat(340)}`;
