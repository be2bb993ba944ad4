import type { SeededRandom } from '../sampling/seeded-random.ts';

/** Words of twenty scripts. */
const WORDS =
  `the task worker Queue naïve ß ﬁ İstanbul e\u0301 задача Киев ὁδός έργο հայերեն ქართული שלום
  مرحبا کتاب नमस्ते বাংলা தமிழ் తెలుగు ภาษาไทย ພາສາ မြန်မာ ខ្មែរ አማርኛ ᠮᠣᠩᠭᠣᠯ བོད 今日 は カタカナ 漢字 한국어
  ᏣᎳᎩ 𐍈 𝔘𝔫𝔦 🚀 👩‍👩‍👧 🇩🇪 € — . , " \\ { } < | > 0 42 </ 1e9 fn(a) \uFFFD
  's 'LL 'ſ 'Re ' I'm HTMLParser camelCaseXML ǅ ʰ \u0301 \u0316\u0301 ﾞ ½ ² Ⅷ ٣٤٥ १२३४ 1234567 // /path/`.split(
    /\s+/u,
  );
const BETWEEN =
  ' |  |   |\n|\r\n|\t|▁|\u00A0|\u3000|\u200B|\u202E|\uFEFF|\0|\u0085|\r|\n\n  \n'.split('|');
const PIECES = [...WORDS, ...BETWEEN, ' ', ' ', ' '];

/** One to `piecesMax` pieces; the same random stream gives the same text. */
export function randomText(random: SeededRandom, piecesMax: number): string {
  const count = 1 + (random.nextUint32() % piecesMax);
  return Array.from({ length: count }, () => PIECES[random.nextUint32() % PIECES.length]).join('');
}
