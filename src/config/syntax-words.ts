// What is wrong with the grammar of a file, in words of ours: those of the parsers speak of tokens and nodes, and some show
// what stands there, which may be a secret.

/** What a parser of TOML complains of, by what it says. */
export function tomlWords(said: string): string {
  return toml.find(([pattern]) => pattern.test(said))?.[1] ?? unknown;
}

/** What the parser of YAML complains of, by its code. */
export function yamlWords(code: string): string {
  return yaml[code] ?? unknown;
}

/** What the parser of JSON complains of, by the name of its code. */
export function jsonWords(code: string): string {
  return json[code] ?? unknown;
}

const unknown = "what stands there is not understood";
const control = "there is a control character";
const escape = "after a backslash stands what none goes with";
const number = "a number is not well written";

const toml: readonly [said: RegExp, what: string][] = [
  [/control character/, control],
  [/nested/, "it is nested too deeply"],
  [/unsafe/, "a key has a name that none can have"],
  [/followed by an end-of-line/, "more follows where the line should end"],
  [/comma or end of structure/, "a comma or a closing bracket is missing"],
  [/end of table array/, "the heading of a table lacks its ]]"],
  [/illegal character in key/, "a ] is missing, or a key has a character that needs quotes"],
  [/empty bare key/, "a key is missing"],
  [/multiline/, "a key stands in three quotes"],
  [/end of key/, "a key has no value: there is no = after it, or no ] after a heading"],
  [/leading zero|underscore|numeric|lossless/, number],
  [/date/, "a date is not well written"],
  [/escape/, escape],
  [/unfinished string/, "a text lacks its closing quote"],
  [/unfinished table/, "a table lacks its }"],
  [/unfinished array/, "a list lacks its ]"],
  [/invalid value/, "a value is missing, or a text lacks its quotes"],
];

const yaml: Record<string, string> = {
  ALIAS_PROPS: "an alias has a tag or an anchor",
  BAD_ALIAS: "an alias or an anchor is not well written",
  BAD_COLLECTION_TYPE: "a tag does not go with what follows it",
  BAD_DIRECTIVE: "a line with a % at its start is not understood",
  BAD_DQ_ESCAPE: escape,
  BAD_INDENT: "the indentation does not fit, or a bracket or quote is not closed",
  BAD_PROP_ORDER: "a tag or an anchor stands at the wrong place",
  BAD_SCALAR_START: "a text that starts so needs quotes",
  BLOCK_AS_IMPLICIT_KEY: "there is a second colon, or a list, where one value is meant",
  BLOCK_IN_FLOW: "an indented block stands within brackets",
  KEY_OVER_1024_CHARS: "a key is too long",
  MISSING_CHAR: "a colon, a comma, a space, a quote or a bracket is missing",
  MULTILINE_IMPLICIT_KEY: "a key goes over several lines, or a line lacks its colon",
  MULTIPLE_ANCHORS: "there are two anchors for one value",
  MULTIPLE_DOCS: "there is a second document, after ---",
  MULTIPLE_TAGS: "there are two tags for one value",
  NON_STRING_KEY: "a key is no text",
  RESOURCE_EXHAUSTION: "it is nested too deeply",
  TAB_AS_INDENT: "a tab indents, where only spaces may",
  TAG_RESOLVE_FAILED: "a tag (a word after !) is not known, or does not go with its value",
  UNEXPECTED_TOKEN: "something stands where it does not belong",
};

const json: Record<string, string> = {
  CloseBraceExpected: "a } is missing",
  CloseBracketExpected: "a ] is missing",
  ColonExpected: "a colon is missing",
  CommaExpected: "a comma is missing",
  EndOfFileExpected: "more follows where the file should end",
  InvalidCharacter: control,
  InvalidCommentToken: "there is a comment, which JSON has none of",
  InvalidEscapeCharacter: escape,
  InvalidNumberFormat: number,
  InvalidSymbol: "a value is neither a number, true, false, null nor in double quotes",
  InvalidUnicode: escape,
  PropertyNameExpected: "a key in double quotes is missing",
  UnexpectedEndOfComment: "there is a comment, which JSON has none of",
  UnexpectedEndOfNumber: number,
  UnexpectedEndOfString: "a text lacks its closing quote",
  ValueExpected: "a value is missing",
};
