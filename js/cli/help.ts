import type { Command, Help } from 'commander';

/**
 * Help for a terminal of 24 lines and 80 columns: a line for each argument, option and command, so their descriptions are
 * short.
 */
export function formatHelp(command: Command, helper: Help): string {
  const commands = helper.visibleCommands(command).filter((inner) => inner.name() !== 'help');
  const rows: [string, string][] = [
    ...commands.map((inner): [string, string] => [
      termOf(inner, helper),
      helper.subcommandDescription(inner),
    ]),
    ...helper
      .visibleArguments(command)
      .map((argument): [string, string] => [
        helper.argumentTerm(argument),
        helper.argumentDescription(argument),
      ]),
    ...helper
      .visibleOptions(command)
      .map((option): [string, string] => [helper.optionTerm(option), helper.optionDescription(option)]),
  ];
  const width = Math.max(...rows.map(([term]) => term.length));
  return [
    `Usage: ${helper.commandUsage(command)}`,
    helper.commandDescription(command),
    ...rows.map(([term, description]) => `  ${term.padEnd(width)}  ${description}`),
    '',
  ].join('\n');
}

/** A command with its arguments; each has options. */
function termOf(command: Command, helper: Help): string {
  return helper.subcommandTerm(command).replace(' [options]', '');
}
