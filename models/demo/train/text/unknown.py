"""Questions that the demo model cannot answer, so that it learns to say so."""

REFUSALS = [
    "I am only a small demo model, and I do not know that. Ask me about Runfleet, for a small sum or for a short story.",
    "I do not know. I am only a small demo model; with the real weights of Phi-3.5-mini you would get an answer.",
    "That is more than a small demo model can know. I can tell you about Runfleet, though.",
]
NOT_UNDERSTOOD = ["I did not understand that. I am only a small demo model: ask me about Runfleet, for a small sum or for a short story."]

TOO_LONG = "That is a long text for a small demo model. Ask me something short: about Runfleet, a small sum or a short story."
OTHER_LANGUAGE = "I understand simple English, and greetings in some other languages. I am only a small demo model."
THINGS = (
    "photosynthesis|gravity|quantum mechanics|relativity|a black hole|evolution|the french revolution|the second world war|the roman empire|democracy|capitalism|philosophy|inflation|the stock market|bitcoin|blockchain|a blockchain|"
    "kubernetes|git|linux|windows|a compiler|recursion|a hash table|a binary tree|quicksort|http|tcp|dns|a mutex|a deadlock|big o notation|a pointer|a closure|a monad|functional programming|object oriented programming|an atom|a molecule|dna|a virus|"
    "a cell|a protein|a vitamin|cancer|diabetes|a vaccine|the brain|the heart|a volcano|an earthquake|a hurricane|climate change|the ozone layer|a glacier|the ocean|a desert|a rainbow|lightning|thunder|electricity|magnetism|a laser|a battery|"
    "an engine of a car|a jet engine|a helicopter|a submarine|a bicycle|a piano|a guitar|a violin|opera|jazz|rock music|impressionism|cubism|a sonnet|a novel|shakespeare|mozart|beethoven|einstein|newton|darwin|napoleon|caesar|cleopatra|"
    "picasso|da vinci|gandhi|plato|aristotle|socrates|kant|nietzsche|freud|marie curie|tesla|galileo|columbus|buddhism|islam|christianity|hinduism|yoga|meditation|chess|football|tennis|basketball|cricket|golf|the olympic games|the world cup|"
    "pizza|sushi|bread|cheese|wine|beer|coffee|tea|chocolate|an onion|a tomato|a mushroom|a banana|a dinosaur|a shark|a penguin|a bee|an ant|an elephant|a giraffe|a kangaroo|a platypus|a crocodile|an octopus|a butterfly|a mango|"
    "java|python|rust|react|docker swarm|tensorflow|pytorch|javascript|html|css|sql|mongodb|kafka|rabbitmq|terraform|ansible|jenkins|a firewall|a router|a vpn|encryption|rsa|sha256|a certificate|oauth|a cookie|phishing|malware|love|time|money|"
    "happiness|justice|beauty|truth|freedom|war|peace|friendship|fear|memory|language|grammar|a verb|an adjective|a metaphor|algebra|geometry|calculus|an integral|a derivative|a matrix|a vector|a prime number|pi|the golden ratio|probability|"
    "statistics|the fibonacci sequence|a triangle|a circle|topology|a theorem|the moon landing|nasa|the eiffel tower|the great wall|the pyramids|mount everest|the amazon|the nile|antarctica|africa|asia|europe|america|london|paris|new york|tokyo|"
    "a mortgage|insurance|tax|a contract|a patent|copyright|marketing|a startup|a spreadsheet|an email|a smartphone|television|radio|a telescope|a microscope|a camera|glass|steel|gold|silver|iron|oxygen|carbon|helium|uranium|salt|sugar|plastic|"
    "a train|a bridge|a castle|a church|a museum|a library|a school|a hospital|a lawyer|a doctor|a nurse|a carpenter|a king|a president|a senator|the parliament|a passport|a holiday|christmas|easter|halloween|a wedding|a birthday|a dog|a horse|a spoon|a chair"
).split("|")

PATTERNS = [
    "[what is|what's|explain|describe|define|tell me about|what do you know about|can you explain|write an essay about|give me a summary of|what is the meaning of|what is the history of|i want to know about] {}?",
    "[how does {} work|why is {} important|who invented {}|what does {} mean|when was {} [made|discovered|invented|born]|how old is {}|where [is|was] {} found|what are the [parts|kinds|uses|advantages] of {}|is {} [good|bad|big|dangerous|old|expensive]]?",
    "[{}?|do you know {}|do you like {}|what do you think about {}|compare {} and {2}|what is the difference between {} and {2}|is {} better than {2}|how much is {}|where can i buy {}|how do i make {}|how do i learn {}|teach me {}|list five facts about {}]?",
]

QUESTIONS = [
    "[who|what] was the [first|last] [president|king|emperor|man on the moon|queen] [of france|of america|of england|]?", "[who|which team] won the [world cup|election|race|game|match|war|nobel prize] [in 1998|in 2010|last year|yesterday|]?", "how [tall|high|deep|long|old|heavy|far|big] is [mount everest|the eiffel tower|the sun|a giraffe|the nile|the universe|the earth|an elephant|a whale]?",
    "how many [people|countries|languages|stars|islands|bones|books|cars|trees] are there [in the world|in europe|in china|on earth|in the body|]?", "who [wrote|painted|composed|directed|sang|invented|discovered] [hamlet|the mona lisa|faust|the magic flute|star wars|the telephone|the bible|yesterday|penicillin|the light bulb|harry potter|don quixote]?",
    "[recommend|suggest|name] [a|me a|some|a good] [book|film|song|restaurant|hotel|recipe|game|movie|series|present]", "[how do i|how can i|how to] [cook rice|bake bread|lose weight|get rich|learn piano|fix my car|plant a tree|write a cv|find a job|tie a tie|boil an egg|learn french|make pasta|sleep better|stop smoking|draw a cat|ride a horse]?",
    "[write|draft|compose] [an email|a letter|an essay|a speech|a cover letter|a report|a blog post|a tweet|a review|an article] [to my boss|about my holiday|for a job|about climate|for my friend|]", "[translate|summarise|summarize|rewrite|correct|proofread] [this text|this sentence|this article|the following text|my letter|the following] [|into french|into german|for me|: the dog runs home]",
    "what [happened|began|ended] in [1066|1492|1789|1914|1945|1969|1989|2001|2020]?", "[when|where] was [napoleon|einstein|mozart|goethe|obama|elvis|bach|cleopatra|lincoln|picasso] born?", "[when|how] did [rome fall|the war start|the war end|dinosaurs die|life begin|napoleon die|the titanic sink]?",
    "[what|which] is the [largest|smallest|longest|oldest|fastest|highest|best|deepest] [country|city|river|animal|mountain|language|lake|car|ocean|phone|computer]?", "what is the capital of [wakanda|zambia|peru|chile|nepal|laos|mali|cuba|malta|fiji|ghana|sudan|yemen|qatar|oman|iran|iraq|kuwait|togo|chad|niger|angola|bolivia|ecuador|vietnam|thailand|estonia|latvia|croatia|serbia|albania]?",
    "[should i|would you|do you think i should] [buy a house|marry|quit my job|invest in gold|move to spain|study law|get a dog|sell my car|learn rust]?", "[who is|do you know|have you heard of] [elon musk|the president|my neighbour|taylor swift|messi|the pope|bill gates|my mother|batman|sherlock holmes|the king of spain]?",
    "[solve|what is the solution of] [x + 3 = 7|2x = 10|the equation|this riddle|this puzzle|x squared = 4]", "what is the [square root|cube|logarithm|derivative|integral] of [9|16|2|x|100|7]?", "[play|let us play|can we play] [chess|a game|tic tac toe|hangman|a song|music]", "[draw|paint|show me|make|generate|send me] [a picture|an image|a cat|a photo|a map|a logo|a chart|a video]",
    "what [colour|color|size|price] is [a banana|my car|the iphone|grass|a ticket to rome]?", "what [did i|should i|can i|will i] [eat|wear|do|say|read|dream|watch|cook] [yesterday|today|tonight|tomorrow|]?", "[where do i live|what is my age|how old am i|what is my job|who is my father|where am i from|what am i thinking|what do i look like]?", "why do [cats purr|birds sing|leaves fall|people dream|dogs bark|stars shine|ships float|planes fly|we sleep|we cry|onions make us cry|bees make honey]?",
]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SYLLABLES = "ba be bi bo bu ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su ta te ti to tu va vi vo za zo zu flor grim plon trax wib zon dril quex snarl glub".split()

OTHER_LANGUAGES = (
    "was ist eine aufgabe?|wie geht das?|was kostet das?|wie spät ist es?|erzähl mir eine geschichte|was kannst du?|wie wird das wetter?|kannst du mir helfen?|warum ist der himmel blau?|wo ist der bahnhof?|ich habe hunger|das ist gut|"
    "qu'est-ce que c'est ?|combien ça coûte ?|raconte-moi une histoire|quelle heure est-il ?|où est la gare ?|je ne comprends pas|que peux-tu faire ?|pourquoi le ciel est bleu ?|j'ai faim|comment ça marche ?|c'est quoi une tâche ?|"
    "¿qué es esto?|¿cuánto cuesta?|cuéntame una historia|¿qué hora es?|¿dónde está la estación?|no entiendo|¿qué puedes hacer?|tengo hambre|¿cómo funciona?|¿por qué el cielo es azul?|"
    "che cos'è?|quanto costa?|raccontami una storia|che ore sono?|dov'è la stazione?|non capisco|come funziona?|ho fame|cosa sai fare?|o que é isto?|quanto custa?|conte uma história|que horas são?|como funciona?|"
    "wat is dit?|hoeveel kost het?|vertel een verhaal|hoe laat is het?|vad är det?|vad kostar det?|co to jest?|ile to kosztuje?|bu nedir?|ne kadar?|что это?|сколько стоит?|расскажи историю|который час?|что ты умеешь?|почему небо голубое?|"
    "今日はとても良い天気です。|これは何ですか?|今天天气怎么样?|这是什么?|이것은 무엇입니까?|ما هذا؟|यह क्या है?"
).split("|")
PIECES = [
    "the meeting is on monday", "we went to the market and bought apples", "the train was late again", "please find the report below", "our company was founded in 1998", "she opened the letter and began to read", "the results are shown in the table",
    "he said that he would come back", "this agreement is made between the parties", "first, heat the oil in a large pan", "the study included 120 people", "import os and print the path", "const x = [1, 2, 3];", "in the beginning there was nothing",
    "the new version fixes several bugs", "customers are asked to wait outside", "the garden was full of roses", "a good plan needs time", "the patient was given water", "for more details see chapter four", "thank you for your letter of last week",
    "the river runs through the old town", "def main(): return 0", "the price went up by five percent", "nobody had seen the boy that day", "the weather will be mild", "click on the button to continue", "all rights reserved",
]
