/** sqitch: a plan names the changes in their order, each with a deploy script. */
import { CoverageError } from '../error.js';
import { readGitConfig, type Setting } from './config.js';
import {
  below,
  byDepth,
  depthOf,
  folderBelow,
  foldersAbove,
  foldersOf,
  shortened,
  type ProjectFiles,
} from './files.js';
import type { FoundSchema, Layout } from './found.js';
import { byteOrder } from './order.js';

/** The engines of sqitch whose scripts are PostgreSQL's. */
const ENGINES = ['pg', 'yugabyte', 'cockroach'];
/** Scripts of sqitch, of which only the first kind makes the schema. */
const SCRIPTS = ['deploy', 'revert', 'verify'];

/** Where the plan and the scripts of one target lie. */
interface Target {
  plan: string;
  top: string;
  deploy: string;
  reworked: string;
  extension: string;
  /** Folders of scripts, which are no tests. */
  scripts: string[];
}

/** A plan, read. */
interface Plan {
  path: string;
  project: string;
  requires: Set<string>;
  files: string[];
}

/**
 * All projects whose `sqitch.conf` lies least deep, or `sqitch.plan` where there is no configuration; a project that
 * another one requires comes before it. Throws `CONFIG` with file and line for what cannot be followed.
 */
export const sqitch: Layout = {
  tool: 'sqitch',
  folder: (files) => projectFolders(files)[0],
  find,
};

async function find(files: ProjectFiles): Promise<FoundSchema | undefined> {
  const targets = new Map<string, Target>();
  const folders = projectFolders(files);
  const level = folders.filter((folder) => depthOf(folder) === depthOf(folders[0]!));
  for (const deeper of folders.slice(level.length))
    files.note(`${deeper}: a sqitch project below another, left out`);
  for (const folder of level) {
    for (const target of await targetsOf(files, folder))
      targets.set(`${target.plan}\n${target.deploy}`, target);
  }
  if (targets.size === 0) return undefined;
  const read: Plan[] = [];
  for (const target of targets.values()) read.push(await readPlan(files, target));
  const plans = inOrder(read, files);
  const all = Array.from(targets.values());
  const scripts = new Set(all.flatMap((target) => target.scripts));
  return {
    tool: 'sqitch',
    places: plans.map((plan) => plan.path),
    // two targets may share scripts
    files: Array.from(new Set(plans.flatMap((plan) => plan.files))),
    bases: all.map((target) => target.top),
    owns: (path) => foldersAbove(path).some((folder) => scripts.has(folder)),
  };
}

function projectFolders(files: ProjectFiles): string[] {
  const configured = byDepth(foldersOf(files.paths, 'sqitch.conf'));
  return configured.length > 0 ? configured : byDepth(foldersOf(files.paths, 'sqitch.plan'));
}

/** The targets of a configuration, PostgreSQL's only, that have a plan; the defaults without a configuration. */
async function targetsOf(files: ProjectFiles, folder: string): Promise<Target[]> {
  const file = `${folder}sqitch.conf`;
  const settings = files.has(file)
    ? readGitConfig(await files.config(file), file)
    : new Map<string, Setting>();
  const names = new Set<string>();
  for (const key of settings.keys()) {
    const name = /^target\.(.+)\.[^.]+$/s.exec(key)?.[1];
    if (name !== undefined) names.add(name);
  }
  const engine = settings.get('core.engine')?.value ?? 'pg';
  const engines = ENGINES.filter((name) => name === engine || hasSection(settings, `engine.${name}`));
  const scopes: string[][] = engines.map((name) => [`engine.${name}`, 'core']);
  for (const name of names) {
    const scheme = /^(?:db:)?([a-z]+):/.exec(settings.get(`target.${name}.uri`)?.value ?? '')?.[1] ?? engine;
    const of = scheme === 'postgres' || scheme === 'postgresql' ? 'pg' : scheme;
    if (ENGINES.includes(of)) scopes.push([`target.${name}`, `engine.${of}`, 'core']);
  }
  if (scopes.length === 0) files.note(`${file}: its engine is ${engine}, not PostgreSQL: left out`);
  const targets = scopes.map((scope) => targetOf(file, folder, settings, scope));
  const planned = targets.filter((target) => files.has(target.plan));
  if (targets.length > 0 && planned.length === 0) {
    throw new CoverageError('CONFIG', `its plan ${shortened(targets[0]!.plan)} is not in the project`, {
      file,
    });
  }
  return planned;
}

function hasSection(settings: Map<string, Setting>, section: string): boolean {
  return Array.from(settings.keys()).some((key) => key.startsWith(`${section}.`));
}

/** Each key is looked up in the target, then in its engine, then in `core`. */
function targetOf(file: string, folder: string, settings: Map<string, Setting>, scope: string[]): Target {
  const setting = (key: string) =>
    scope.map((section) => settings.get(`${section}.${key}`)).find((found) => found !== undefined);
  const inside = (found: Setting | undefined, path: string | undefined): string => {
    if (path !== undefined) return path;
    throw new CoverageError('CONFIG', `${shortened(found?.value ?? '')} leads out of the project`, {
      file,
      line: found?.line,
    });
  };
  const directory = (key: string, fallback: string) => {
    const found = setting(key);
    return found ? inside(found, folderBelow(folder, found.value)) : fallback;
  };
  const top = directory('top_dir', folder);
  const reworked = directory('reworked_dir', top);
  const planFile = setting('plan_file');
  const directories = SCRIPTS.map((kind) => directory(`${kind}_dir`, `${top}${kind}/`));
  const reworks = SCRIPTS.map((kind) => directory(`reworked_${kind}_dir`, `${reworked}${kind}/`));
  return {
    top,
    plan: planFile ? inside(planFile, below(folder, planFile.value)) : `${top}sqitch.plan`,
    deploy: directories[0]!,
    reworked: reworks[0]!,
    extension: setting('extension')?.value ?? 'sql',
    scripts: [...directories, ...reworks],
  };
}

interface Change {
  name: string;
  line: number;
  /** How many tags were planned before it, and before the next change of its name. */
  tagsBefore: number;
  tagsBeforeRework?: number;
}

async function readPlan(files: ProjectFiles, target: Target): Promise<Plan> {
  const plan: Plan = { path: target.plan, project: '', requires: new Set(), files: [] };
  const changes = new Set<Change>();
  const current = new Map<string, Change>();
  const tags: string[] = [];
  const wrong = (line: number, message: string) =>
    new CoverageError('CONFIG', message, { file: plan.path, line });

  const lines = (await files.config(plan.path)).replace(/^\ufeff/, '').split('\n');
  for (const [index, raw] of lines.entries()) {
    const [line, text] = [index + 1, raw.trim()];
    if (text === '' || text.startsWith('#')) continue;
    if (text.startsWith('%')) {
      const pragma = /^%\s*([\w-]+)\s*(?:=\s*(.*))?$/.exec(text);
      if (pragma?.[1] === 'project') plan.project = pragma[2] ?? '';
      continue;
    }
    if (text.startsWith('@')) {
      tags.push(/^@[^\s#]*/.exec(text)![0]);
      continue;
    }
    const change = /^([+-]?)\s*([^\s@#:%[\]\\]+)(?:\s+\[([^\]]*)\])?(?:\s|$)/.exec(text);
    if (!change) throw wrong(line, 'is no line of a sqitch plan');
    const [, operator, name, dependencies = ''] = change as unknown as [string, string, string, string?];
    for (const dependency of dependencies.split(/\s+/)) {
      const project = /^([^!:][^:]*):/.exec(dependency)?.[1];
      if (project !== undefined) plan.requires.add(project);
    }
    const earlier = current.get(name);
    if (operator === '-') {
      // Reverting a change leaves nothing of it.
      if (earlier) changes.delete(earlier);
      current.delete(name);
      continue;
    }
    if (earlier?.tagsBefore === tags.length) {
      throw wrong(
        line,
        `${shortened(name)} was planned in line ${earlier.line} already, with no tag between the two`,
      );
    }
    if (earlier) earlier.tagsBeforeRework = tags.length;
    const made: Change = { name, line, tagsBefore: tags.length };
    current.set(name, made);
    changes.add(made);
  }
  for (const change of changes) {
    const script = scriptOf(change, tags, target, files);
    if (!script.found)
      throw wrong(change.line, `${shortened(script.path, 300)}, its deploy script, is not in the project`);
    plan.files.push(script.path);
  }
  return plan;
}

/**
 * The deploy script of a change. That of a reworked one bears the first tag after it that has a script, `name@tag.sql`;
 * where none has, the first one is missing.
 */
function scriptOf(change: Change, tags: string[], target: Target, files: ProjectFiles) {
  const { name, tagsBefore, tagsBeforeRework } = change;
  const path = (folder: string, tag = '') => below(folder, `${name}${tag}.${target.extension}`) ?? name;
  if (tagsBeforeRework === undefined) {
    const script = path(target.deploy);
    return { path: script, found: files.has(script) };
  }
  for (let tag = tagsBefore; tag < tagsBeforeRework; tag++) {
    for (const folder of [target.reworked, target.deploy]) {
      const script = path(folder, tags[tag]);
      if (files.has(script)) return { path: script, found: true };
    }
  }
  return { path: path(target.reworked, tags[tagsBefore]), found: false };
}

/** Projects after those that they require, else by path. A cycle is said, and cut where it is met. */
function inOrder(plans: Plan[], files: ProjectFiles): Plan[] {
  const sorted = plans.toSorted((a, b) => byteOrder(a.path, b.path));
  const ordered = new Set<Plan>();
  const waiting = new Set<Plan>();
  // A stack of its own: a chain of projects may be longer than JavaScript's.
  for (const start of sorted) {
    const stack = [start];
    while (stack.length > 0) {
      const plan = stack.at(-1)!;
      const next = ordered.has(plan)
        ? undefined
        : sorted.find((other) => other !== plan && plan.requires.has(other.project) && !ordered.has(other));
      if (next && !waiting.has(next)) {
        waiting.add(plan);
        stack.push(next);
        continue;
      }
      if (next)
        files.note(`${plan.path}: requires ${next.project}, which requires it in turn: taken by path`);
      ordered.add(plan);
      stack.pop();
    }
  }
  return Array.from(ordered);
}
