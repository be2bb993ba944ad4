"""The demo model's topics about Runfleet: phrasings of questions, a fact that an answer must contain, the answers."""

from typing import NamedTuple


class Topic(NamedTuple):
    name: str
    asks: list[str]
    """Patterns of questions."""
    must: list[str]
    """An answer is right if it contains any of these, in lower case."""
    answers: list[str]


WHAT_IS = (
    "[what is|what's|whats|what exactly is|what do you mean by|what is meant by|explain|please explain|describe|define|"
    "tell me about|tell me what is|can you explain|can you tell me what is|could you explain|i do not understand|"
    "i don't know what is|do you know what is|give me a definition of|what can you tell me about|help me understand|"
    "explain to me|tell me more about|what do you know about|say something about|how would you explain|"
    "what is the meaning of|what is the purpose of|what is the point of|what is the role of|what is the job of|"
    "explain in simple words|walk me through|give me the short version of|i want to know what is|i would like to know about|i have never heard of|remind me what is|teach me|in your words, what is|in one sentence, what is|briefly, what is] {} [|||in runfleet|here|in this system|"
    "in simple words|to me]?"
)
WHAT_DOES = (
    "[what does {} [do|mean|stand for]|what {} [does|is|means]|why do [you|we|i] need {}|what is {} [for|good for|used for]|"
    "how does {} work|{}?|why is there {}|what do [you|we] use {} for|meaning of {}|how do i understand {}] "
    "[||||in runfleet|here]?"
)


def term(name: str, words: str, must: list[str], *answers: str, asks: tuple[str, ...] = ()) -> Topic:
    """A word whose meaning people ask for."""
    return Topic(name, [WHAT_IS.replace("{}", words), WHAT_DOES.replace("{}", words), *asks], must, list(answers))


def question(name: str, must: list[str], answers: list[str], *asks: str) -> Topic:
    return Topic(name, list(asks), must, answers)


IT = "[runfleet|runfleet|it|this|this system|the system]"

TOPICS: list[Topic] = [
    term("runfleet", "[runfleet|the runfleet project|this system|this project]", ["broker and a fleet"],
        "Runfleet is a broker and a fleet of workers that run language models. You send a prompt, it becomes a task, a worker with a free slot writes the answer, and you watch it come in.",
        "Runfleet is an open broker and a fleet of workers for language models. It queues your prompt as a task, runs it on a GPU, streams the answer and bills it to the last digit.",
        asks=("what is this [thing|page|site|software|app|]?", "what am i looking at?", "where am i?",
              "[why|when] should i use runfleet?", "what [can|does] runfleet do [for me|]?", "who is runfleet for?")),
    term("task", "[a task|a task|tasks|the task|the word task]", ["one request"],
        "A task is one request to run a model. It waits in a fair queue, is assigned to a worker, runs, streams its answer and ends with a receipt.",
        "A task is one request: your prompt and its settings. Runfleet queues it, gives it to a worker, streams the answer and settles the price.",
        asks=("what happens [to|with] my [prompt|request|message]?", "what is the life of a task?", "what states does a task go through?",
              "[which|what] [steps|stages] does a task [have|go through]?")),
    term("worker", "[a worker|a worker|workers|the worker|the workers]", ["runs the model"],
        "A worker is a process that runs the model on one GPU. It takes tasks when it has a free slot, streams the answers and sends a heartbeat every 5 seconds.",
        "A worker is one process per GPU that runs the model. It accepts tasks, writes their answers token by token and keeps a lease alive with heartbeats.",
        asks=("who [writes|computes|makes] the answer?", "what [process|part] runs the model?", "which part [uses|needs] the gpu?")),
    term("broker", "[a broker|the broker|the broker|brokers]", ["assigns", "gives each task"],
        "The broker assigns tasks to workers. It picks the next task fairly from the queue and gives it to a worker with a free slot. Several brokers can run; one leads, the others stand by.",
        "The broker is the part that assigns tasks: it chooses fairly who is next and finds a worker with a free slot.",
        asks=("who [assigns|hands out|gives out] [the|] tasks?", "[who|which part] decides which [task|worker] [is|comes] next?",
              "how does a task find a worker?", "how are tasks assigned [to workers|]?")),
    term("gateway", "[a gateway|the gateway|the gateway|gateways|the socket gateway]", ["sends the events"],
        "The gateway sends the events of a task to everyone who follows it, over a socket. A reader that comes late gets the past first and then the present.",
        "The gateway sends the events of tasks to readers, live. If your connection breaks, you come back and go on from where you were.",
        asks=("how [do|does] [i|the page|a browser] [get|receive|see] the [answer|output|events] live?", "how is the [answer|output] streamed?",
              "how does streaming work?", "what if my connection breaks?", "can i reconnect [to a task|]?")),
    term("api", "[the api|the api server|the api role]", ["accepts your requests", "signed"],
        "The API accepts your requests. It checks the signature, the parameters and the account, stores the task and answers at once with its number.",
        asks=("how do i [use|call] the api?", "is there an api?", "how do i send a [prompt|request] [from code|from a program|with code]?",
              "how do i sign a request?", "[can i use|is there] [the openai api|an openai compatible api|an sdk]?")),
    term("epoch", "[an epoch|the epoch|epochs|the epoch of a task|a task epoch]", ["attempt"],
        "An epoch is the number of an attempt at a task. It rises each time the task is assigned or queued again, so an old worker that wakes up late cannot write over the work of a new one.",
        "The epoch counts the attempts at a task. Everything a worker writes carries it, and what comes with an old epoch is refused.",
        asks=("how do you stop an old worker from writing?", "how are [old|late|lost|zombie] workers kept from [writing|doing harm]?", "what is fencing?")),
    term("ledger", "[a ledger|the ledger|the ledger|the books|the accounts]", ["every movement of money"],
        "The ledger records every movement of money: holds, charges and releases. Each entry has two sides, so the books always balance.",
        asks=("where is the money recorded?", "how is money [counted|tracked|kept|stored]?", "how do you keep the books?")),
    term("slot", "[a slot|slots|the slots|a free slot]", ["one place on a worker"],
        "A slot is one place on a worker where one answer is being written. A worker has several, and they share one model.",
        asks=("how many [tasks|answers] can a worker [run|write] at once?", "can a worker run [several|many|two] tasks at once?", "do tasks share a gpu?")),
    term("lease", "[a lease|the lease|a heartbeat|the heartbeat|heartbeats|leases]", ["every 5 seconds"],
        "A worker renews its lease every 5 seconds with a heartbeat. If it stays silent for 15 seconds, it counts as lost and its tasks are queued again.",
        asks=("how [do you know|does the broker know|do you notice] that a worker is [dead|alive|gone|lost]?",)),
    question("dies", ["queued again"],
        ["When a worker dies, it is noticed after 15 seconds and its tasks are queued again. The epoch rises, another worker takes over, and the seed stays the same, so you see the same answer.",
         "Its tasks are queued again and another worker runs them with the same seed, so the answer is the same. You do not pay for the lost attempt."],
        "what [happens|will happen|is done|occurs] [when|if] [a|the|my|one] [worker|machine|gpu|node|process] [dies|crashes|fails|is lost|goes away|stops|disappears|breaks|is killed|goes down|loses power|loses its network|stops working|is gone]?",
        "what if [a|the|my] [worker|machine|gpu] [dies|crashes|fails|is lost|stops|goes down|breaks]?",
        "[a|my] [worker|machine|gpu] [died|crashed|failed|is dead|broke|went down], what [now|happens now|happens with my task]?",
        "is my task lost [when|if] a worker [dies|crashes|fails]?", "what happens to [my|the|a] task [when|if] [its|the] worker [dies|crashes|is lost]?",
        "how [do you|does runfleet] [handle|survive|cope with|recover from] [worker crashes|dead workers|lost workers|failures|crashes]?",
        "[what is|explain] [failover|fault tolerance] [in runfleet|]?", "why was my task queued again?"),
    term("queue", "[the queue|a queue|the fair queue|a fair queue|the task queue]", ["waits in a fair queue"],
        "A new task waits in a fair queue. The tenant that has used the least time goes first, so nobody can push another aside.",
        asks=("where does a task wait?", "why is my task waiting?", "why [does|must] my task wait?", "who goes first?")),
    term("fairness", "[fairness|fair scheduling|fair sharing|fair queueing|the scheduler|a scheduler|scheduling]", ["used the least"],
        "Fairness means that the tenant who has used the least goes first. A tenant with a thousand tasks and a tenant with one task both make progress.",
        asks=("how [is|are] [the order|tasks|turns] [decided|chosen|ordered]?", "is [runfleet|the queue|it] fair?", "how does the fair queue work[|, step by step]?",
              "can one [user|tenant|customer] [block|starve|push aside] the others?", "can [somebody|anyone] jump the queue?", "how does runfleet stay fair?")),
    question("billing", ["slot-second", "by the second"],
        ["A task is billed by the second: from the moment a worker accepts it until it ends, times the price of the model. The receipt shows each step. A failed task costs nothing.",
         "Runfleet bills slot-seconds: the time that a task holds a slot, from accept to end. The price is fixed when the task starts, and the receipt shows how it was made."],
        "how [is|are] [it|this|a task|my task|a run|tasks|runs|usage|the price|the cost|time|the bill] [billed|charged|priced|calculated|computed|measured|counted|worked out]?",
        "how [does|do] [billing|pricing|payment|paying|the bill|the price|costs] work?",
        "how much does [it|this|a task|a run|one answer|a prompt|an answer|runfleet] cost?", "what does [it|this|a task|a run|an answer|runfleet|a prompt] cost?",
        "[what is|tell me|explain] [the price|the cost|billing|the pricing|a slot-second|slot-seconds|the unit of service]?",
        "what do i pay for?", "what [will|must|do] i pay?", "is [runfleet|it|this] [free|expensive|cheap]?", "how are you paid?", "do i pay [per token|by the second|per second]?",
        "explain [billing|the billing|the price|pricing|costs] [to me|in runfleet|]?", "how is the price made?", "billing?", "price?", "cost?"),
    question("failed-cost", ["costs nothing"],
        ["A task that failed, was cancelled or was killed costs nothing: what was held goes back to the account.",
         "Nobody: a failed task costs nothing, and the money that was held is released."],
        "who pays [for|when] a [failed task|task that failed|task fails|lost task|cancelled task]?", "[do|must|will] i [have to|] pay for [failed|cancelled|killed|lost] tasks?",
        "[what does|how much is|how much does] a [failed|cancelled|killed] task cost?", "[is|are] [a failed task|failed tasks|a cancelled task|cancelled tasks] [billed|charged|free]?",
        "what [if|happens if|happens when] [a|my|the] task fails?", "do i [get my money back|get a refund] [when|if] a task fails?", "do you charge for [errors|failures|failed runs]?"),
    term("receipt", "[a receipt|the receipt|receipts]", ["how the price was made"],
        "A receipt shows how the price was made: the price version, the seconds of each stage, the tokens and the cost. Every finished task has one.",
        asks=("where can i see what a task cost?", "how do i check [a|the|my] [price|bill|cost]?")),
    term("hold", "[a hold|holds|holding money]", ["sets money aside"],
        "A hold sets money aside when a task starts, as much as it may cost. At the end the real cost is charged and the rest is released.",
        asks=("when is [the|my] money [taken|charged|held]?", "what if my [account|balance] is empty?")),
    term("settle", "[settlement|settling|a settlement|a settled task]", ["charges what"],
        "Settlement charges what a task did cost when it ends and gives back the rest of the hold. It happens together with the task's last event."),
    term("pico", "[a pico-dollar|pico-dollars|pico dollars|a pico dollar]", ["whole numbers"],
        "A pico-dollar is a millionth of a millionth of a dollar. Runfleet counts money in whole numbers of it, so no cent is lost by rounding."),
    term("event", "[an event|events|the event log|task events|the events of a task]", ["what happened"],
        "An event says what happened to a task: it was queued, assigned, accepted, started, it wrote output, it ended. Each one is in the database before anyone sees it.",
        asks=("how can i [see|follow|watch] what happens [to my task|]?",)),
    term("seq", "[seq|a seq|the seq|a sequence number|the seq of an event]", ["place in"],
        "A seq is an event's place in the log of its task, from 1 without gaps. With it a reader can go on from where it was."),
    term("seed", "[a seed|the seed|seeds|the random seed]", ["same seed"],
        "The seed decides the dice of an answer: the same seed and the same prompt give the same text. It stays the same when a task has to run again.",
        asks=("how do i get the same answer [again|twice]?", "is the answer always the same?", "why is the answer different each time?")),
    term("temperature", "[temperature|the temperature|sampling|the temperature setting|top p|top k]", ["likeliest"],
        "Temperature says how freely the next token is chosen: 0 takes the likeliest token every time, higher values vary more.",
        asks=("what does temperature 0 mean?", "how do i make answers [more random|less random|more exact]?")),
    term("token", "[a token|tokens|the word token]", ["piece of text"],
        "A token is a small piece of text, often a word or a part of one. A model reads tokens and writes one token after another.",
        asks=("how long can an answer be?", "what are max tokens?", "how are tokens counted?")),
    term("tokenizer", "[a tokenizer|the tokenizer|tokenizers|tokenization]", ["text into numbers"],
        "A tokenizer turns text into numbers that a model can read, and numbers back into text."),
    term("kill", "[kill|a kill|killing a task|cancel|cancelling|cancelling a task]", ["stops"],
        "Kill stops a task in any state, and Cancel stops one that still waits in the queue. It takes effect at once, and the slot is free again.",
        asks=("how [do|can] i [stop|cancel|kill|abort|end] a [task|running task|run]?", "can i [stop|cancel|kill|abort] a [task|run]?", "how do i stop it?",
              "what is the difference between kill and cancel?")),
    term("requeue", "[a requeue|requeueing|a retry|retries|the retry]", ["back into the queue"],
        "A requeue puts a task back into the queue when its worker was lost. The epoch rises, the seed stays, and after three failed attempts the task ends as failed and costs nothing.",
        asks=("how often is a task [tried|retried|repeated]?", "[will|does] [runfleet|it] try again?", "how many attempts does a task have?")),
    term("postgres", "[postgres|postgresql|the database|a database]", ["postgres"],
        "Postgres decides what is true: tasks, events and money live there. What anyone has seen is in Postgres first. Back it up.",
        asks=("where is [the|my] [data|truth|state] [kept|stored]?", "where are tasks stored?", "what [if|happens if] postgres [is down|fails|dies|is away]?",
              "[which|what] database [do you|does runfleet] use?", "what should i back up?")),
    term("redis", "[redis|the cache|the redis server]", ["redis"],
        "Redis makes things fast and decides nothing. If it is lost, Runfleet fills it again from Postgres; the only effect is a delay.",
        asks=("what [if|happens if|happens when] redis [is lost|dies|fails|is down|is flushed|crashes|goes away|loses its data]?", "do i need redis?", "why [both redis and postgres|redis]?",
              "is data lost when redis dies?")),
    term("model", "[a model|the model|models|a language model|a model folder]", ["next token"],
        "A model is a folder of files that turns text into an answer, one token at a time: a tokenizer, a graph of weights, and settings. It guesses the next token again and again."),
    term("engine", "[the engine|an engine|engines|onnx|onnx runtime|onnxruntime]", ["runs a model"],
        "The engine runs a model inside a worker. It loads the folder, writes several answers at once, a slot for each, and uses ONNX Runtime to compute."),
    term("phi", "[phi|phi-3.5|phi 3.5|phi-3.5-mini|phi-3.5-mini-instruct|the phi model|microsoft phi]", ["3.8 billion"],
        "Phi-3.5-mini is Microsoft's open language model with 3.8 billion weights. Runfleet runs it for real; I have its shape, but I am a thousand times smaller.",
        asks=("[which|what] [models|model] [can|does] runfleet run?", "[which|what] model is the real one?")),
    question("demo", ["demo model"],
        ["The demo model is me: a few million weights in the shape of Phi-3.5, made so that Runfleet has something to say before you add the real weights.",
         "You are talking to the small demo model that comes with Runfleet. It shows that everything works; for real answers, add the weights of Phi-3.5-mini."],
        "what is [the demo model|a demo model|the demo|this demo]?", "[which|what] model [is this|are you|am i talking to|is running|is used]?", "are you [phi|phi-3.5|the real phi|the real model|phi 3.5 mini]?",
        "why are [you|your answers] so [small|simple|short|bad|stupid|dumb|limited]?", "is this the real model?", "how [big|large|small] are you?", "how many [parameters|weights] do you have?", "how were you [trained|made|built]?",
        "why [is there|do you need] a demo model?", "are you a demo?"),
    question("weights", ["model_dir"],
        ["Download the ONNX folder of Phi-3.5-mini-instruct, set MODEL_DIR to that folder and start the worker again. Then the answers come from the real model.",
         "Set MODEL_DIR to a folder with the published ONNX files of Phi-3.5-mini and start again."],
        "how [do|can] i [get|use|add|install|load|run] [the real weights|the real model|real weights|a real model|a better model|another model|a bigger model|phi-3.5|phi|phi-3.5-mini|my own model|the full model]?",
        "[where|how] do i put the [weights|model]?", "how do i [replace|swap|change] [the demo model|the model|you]?", "what do i need for [real|better] answers?", "how do i get [real|better|good] answers?"),
    question("start", ["npm start"],
        ["Run npm start in the repository. It brings its own Postgres and Redis, starts all roles and prints the address of the page.",
         "Clone the repository and run npm start. It finds or brings a Postgres and a Redis, starts everything on this machine and prints where to look."],
        f"how [do|can|should|would] [i|we|you|one] [start|run|launch|set up|install|try|use|boot|get started with|get going with|begin with] {IT} [|||on my machine|on my laptop|locally|on one machine]?",
        f"how to [start|run|launch|install|set up|try] {IT}?", f"what [do i need|does it take] to [start|run|install|try] {IT}?", f"[what is|which is|tell me] the command to [start|run|launch] {IT}?",
        "how do i [get started|begin|start]?", "where do i start?", "[getting started|quick start|installation|install|setup]?", "[can|could] you [tell|show] me how to [start|run] [runfleet|it]?", "start it", "how to start",
        "i want to [start|run|try|install] runfleet", "which command do i [type|run|need]?", "help me start runfleet", "does it run on my laptop?", "can i run [it|runfleet] [locally|on a laptop|on one machine]?"),
    question("docker", ["docker compose"],
        ["Fill in infra/.env and run docker compose --file infra/compose.yaml up --build. Each role has an image of its own, and you can scale the workers."],
        "[can|how do|how can] i [use|run it with|run runfleet with|deploy with|start it with|deploy runfleet with] [docker|docker compose|compose|containers]?", "is there [a docker image|docker|a container|a compose file]?", "docker?",
        "how do i deploy [runfleet|it] [|to a server|in production]?"),
    question("scale", ["many machines"],
        ["Start more of each role on many machines: workers, gateways, brokers and APIs share one Postgres and one Redis. You can take any one of them away.",
         "Add workers, one for each GPU, on as many machines as you like. All roles can run on many machines and share one Postgres and one Redis."],
        "[how does|can|does] runfleet scale?", "how [do|can] i [scale|scale out|grow|add workers|add machines|add gpus|add more workers|add another gpu|make it bigger] [|runfleet|it]?", "[can i|how do i] run [it|runfleet] on [many|several|more] machines?",
        "how do i add a [worker|gpu|machine]?", "[what is|explain] [horizontal scaling|scaling out]?"),
    question("gpu", ["one worker"],
        ["Start one worker for each GPU and set ENGINE_PROVIDER to cuda. Without a GPU the worker computes on the CPU, which is enough for me.",
         "No GPU is needed for the demo: the CPU is enough. For real work you start one worker for each GPU."],
        "do i need a gpu?", "[can|does] [it|runfleet] [run|work] without a gpu?", "[how do i|can i] use [my|a] gpu?", "[which|what] gpu [do i need|is needed|is best]?", "does it use [cuda|the gpu|my gpu]?", "are you running on a gpu?"),
    term("pool", "[a pool|pools|a model pool]", ["one model"],
        "A pool is all the workers that run one model and the queue in front of them. One broker leads a pool and others stand by."),
    term("tenant", "[a tenant|tenants|an organisation|an organization]", ["who pays"],
        "A tenant is an organisation: the one who pays. Accounts, limits and the fair share belong to it."),
    term("ticket", "[a ticket|tickets]", ["tells a worker"],
        "A ticket is a small note that tells a worker which task was assigned to it. If it is lost, a heartbeat brings it again."),
    term("status", "[a status|the status|task status|the status of a task]", ["where a task is"],
        "A status says where a task is: queued, assigned, accepted, preprocessing, running, postprocessing, ended or cancelled."),
    term("dashboard", "[the dashboard|a dashboard|the console|the page|the web page]", ["shows tasks"],
        "The dashboard is the web page of Runfleet. It shows tasks and their answers, workers, queues and what everything costs.",
        asks=("is there a [web page|dashboard|user interface|console|website]?", "where can i see my tasks?")),
    term("drain", "[draining|a drain|drain|draining a worker|a drained worker]", ["takes nothing new"],
        "A worker that is drained takes nothing new, ends what it has and then stops. So you can take a machine away without losing a task.",
        asks=("how do i [stop|remove|update|replace|take away] a worker?",)),
    term("quarantine", "[quarantine|the quarantine|a quarantined worker]", ["crash"],
        "A worker or an input that makes things crash again and again is put in quarantine, so that it cannot harm the others."),
    term("idempotency", "[an idempotency key|idempotency|idempotency keys]", ["same task"],
        "With an idempotency key a request that is sent twice gives the same task, not two of them."),
    term("role", "[a role|roles|the roles]", ["api, broker, gateway and worker"],
        "There are four roles: api, broker, gateway and worker. You can run them in one process or on many machines.",
        asks=("what [parts|components|pieces|services] [does|make up] runfleet [have|]?", "what is runfleet made of?", "explain the architecture", "how does runfleet work?", "how does it [all|] work?", "what are the parts of runfleet?")),
    question("open", ["mit"],
        ["Yes, Runfleet is open source under the MIT licence. You may use it, change it and host it yourself."],
        "is [runfleet|it|this] [open source|open|free software|self-hosted|self-hostable]?", "[what|which] [licence|license] [is it|does it have|does runfleet have|is it under]?", "can i [host it myself|self-host it|change the code|use it at work|read the code]?", "where is the [code|source]?", "what is the licence?"),
    question("language", ["typescript"],
        ["Runfleet is written in TypeScript and runs on Node. Postgres keeps the truth, Redis keeps it fast, and ONNX Runtime runs the models."],
        "[what|which] [programming language|language] is [runfleet|it|this] [written|made|built] in?", "what is [runfleet|it] [built|made] with?", "is it written in [python|rust|go|java|typescript]?", "[what|which] [technology|tech stack|stack] [do you|does runfleet] use?"),
    question("safe", ["in the database first"],
        ["Everything you see is in the database first. Workers, brokers, gateways and Redis may all fail at any moment; the task goes on."],
        "is [it|runfleet|my task|my data] [safe|reliable|robust]?", "can [a task|my task|my data|an answer] [get lost|be lost|disappear]?", "[what|how much] can [fail|break]?", "how reliable is [runfleet|it]?", "what does durable mean?"),
    question("health", ["healthz"],
        ["Every role answers on its port: /healthz says that it lives, /readyz that it can work, and /metrics gives numbers for Prometheus."],
        "how [do|can] i [monitor|watch|check] [it|runfleet|the system|a worker]?", "[are there|where are the|how do i get] metrics?", "how do i know that [it|runfleet] [works|is healthy|is running]?", "is there a health check?", "what is healthz?"),
]

# One sentence per term, for questions about the difference of two.
SHORT = {
    "a task": "A task is one request to run a model", "a worker": "A worker runs the model on one GPU", "a broker": "A broker assigns tasks to workers", "a gateway": "A gateway sends the events of tasks to readers",
    "the api": "The API accepts your requests", "an epoch": "An epoch counts the attempts at a task", "the ledger": "The ledger records every movement of money", "a slot": "A slot is one place on a worker", "a receipt": "A receipt shows how the price was made",
    "a hold": "A hold sets money aside", "an event": "An event says what happened to a task", "a status": "A status says where a task is", "a seed": "A seed decides the dice of an answer", "a ticket": "A ticket tells a worker of its task", "the queue": "The queue is where tasks wait",
    "postgres": "Postgres decides what is true", "redis": "Redis makes things fast and decides nothing", "a model": "A model turns text into an answer", "the engine": "The engine runs a model inside a worker", "a token": "A token is a small piece of text", "a tenant": "A tenant is an organisation that pays",
}
DIFFERENCE = "[what is the difference between {} and {2}|what's the difference between {} and {2}|how [does|is] {} [differ|different] from {2}|{} or {2}|{} and {2}|compare {} and {2}|{} vs {2}|is {} the same as {2}|difference between {} and {2}|what is {} and what is {2}|explain {} and {2}]?"
