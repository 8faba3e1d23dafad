// Tells whoever sits at this machine: with the program that its desktop has for that.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { printable } from "../core/text.ts";
import { findProgram } from "./find-program.ts";
import { type Notice, wordsOf } from "./notice.ts";

/** What of a machine says how its desktop is told. */
export interface Desk {
  platform: string;
  isWsl: boolean;
  /** The environment that the program gets. */
  env: Record<string, string>;
}

/** How the desktop is told: the program, and what it gets. */
export interface Teller {
  program: string;
  call(notice: Notice): { command: string[]; input: string };
}

/** The variables of the environment, besides those that every program gets, without which no desktop is found. */
export const deskVariables = [
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "XDG_RUNTIME_DIR",
  "DBUS_SESSION_BUS_ADDRESS",
  "WSL_INTEROP",
];

/** Who tells the desktop of `desk`, or why nobody can. */
export function tellerOf(desk: Desk): Teller | { why: string } {
  const names = desk.isWsl ? [...onWindows, "notify-send"] : (tellersOf[desk.platform] ?? []);
  const searchPath = desk.env["PATH"] ?? "";
  const program = names.find(
    (name) => findProgram(name, { directory: "/", searchPath }) !== undefined,
  );
  if (program === undefined) {
    const wanted = names.length === 0 ? "no program for it" : `no ${names.join(", no ")}`;
    return { why: `there is ${wanted} here` };
  }
  if (program === "notify-send" && !hasSessionBus(desk.env))
    return { why: "there is no session bus for notify-send here (DBUS_SESSION_BUS_ADDRESS)" };
  return { program, call: (notice) => calls[program]!(textsOf(notice)) };
}

const onWindows = ["wsl-notify-send.exe", "powershell.exe"];
const tellersOf: Record<string, readonly string[]> = {
  linux: ["notify-send"],
  darwin: ["osascript"],
};

function hasSessionBus(env: Record<string, string>): boolean {
  const { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: directory } = env;
  return Boolean(address) || (Boolean(directory) && existsSync(join(directory!, "bus")));
}

interface Texts {
  severity: string;
  title: string;
  text: string;
}

function textsOf(notice: Notice): Texts {
  const { title, text } = wordsOf(notice);
  return { severity: notice.severity, title: printable(title), text: printable(text) };
}

// What is told is an argument of its own, after what ends the options, or is read: it is never part of a script.
const calls: Record<string, (texts: Texts) => { command: string[]; input: string }> = {
  "notify-send": ({ severity, title, text }) => ({
    command: [
      "notify-send",
      "--app-name=skep",
      `--urgency=${severity === "critical" ? "critical" : "normal"}`,
      "--",
      title,
      withoutMarkup(text),
    ],
    input: "",
  }),
  osascript: ({ title, text }) => ({
    command: [
      "osascript",
      "-e",
      "on run argv",
      "-e",
      "display notification (item 2 of argv) with title (item 1 of argv)",
      "-e",
      "end run",
      title,
      text,
    ],
    input: "",
  }),
  "wsl-notify-send.exe": ({ title, text }) => ({
    command: ["wsl-notify-send.exe", "--category", "skep", "--", `${title}\n${text}`],
    input: "",
  }),
  "powershell.exe": ({ title, text }) => ({
    command: [
      "powershell.exe",
      "-NoProfile",
      "-NonInteractive",
      "-EncodedCommand",
      Buffer.from(toast, "utf16le").toString("base64"),
    ],
    input: asciiJson({ title, text }),
  }),
};

/** For what takes text for markup. */
function withoutMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** For what may read in any encoding. */
function asciiJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

// Windows shows nothing of a program that it does not know, so this is told in the name of PowerShell.
const toast = `$ErrorActionPreference = 'Stop'
$said = [Console]::In.ReadToEnd() | ConvertFrom-Json
$manager = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$content = $manager::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$lines = $content.GetElementsByTagName('text')
$lines.Item(0).AppendChild($content.CreateTextNode($said.title)) | Out-Null
$lines.Item(1).AppendChild($content.CreateTextNode($said.text)) | Out-Null
$who = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
$manager::CreateToastNotifier($who).Show([Windows.UI.Notifications.ToastNotification]::new($content))
`;
