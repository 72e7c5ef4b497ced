import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const text = (path: string) => readFileSync(at(path), 'utf8');

interface PackageJson {
  version?: string;
  license: string;
  engines: { node: string };
  dependencies: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional: boolean }>;
  devDependencies?: Record<string, string>;
}
const workspace = JSON.parse(text('package.json')) as PackageJson;
const published = JSON.parse(text('pkg.json')) as PackageJson;

/** A value of the first table of Cargo.toml, which is [package]. */
function cargo(key: string): string | undefined {
  const [table = ''] = text('Cargo.toml').split(/^\[(?!package\])/m);
  return new RegExp(`^${key} = "(.*)"$`, 'm').exec(table)?.[1];
}

/** The version of a package in Cargo.lock. */
function locked(name: string): string | undefined {
  return new RegExp(`^name = "${name}"\\nversion = "(.*)"$`, 'm').exec(text('Cargo.lock'))?.[1];
}

describe('dependencies', () => {
  it('of the published package are those of the workspace, in the same versions', () => {
    expect(published.dependencies).toEqual(workspace.dependencies);
    const both = Object.keys(workspace.devDependencies!).filter((name) => name in published.dependencies);
    expect(both).toEqual([]);
  });

  it('are pinned to one version', () => {
    const all = { ...workspace.dependencies, ...workspace.devDependencies };
    const loose = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
    expect(loose).toEqual([]);
  });

  it('are what the published sources import', () => {
    const imported = new Set<string>();
    for (const file of readdirSync(at('js'), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const source = text(`js/${file}`);
      for (const [, name] of source.matchAll(/\b(?:from|import\()\s*'((?:@[^/']+\/)?[^'./#][^'/]*)/g)) {
        imported.add(name!);
      }
    }
    const packages = [...imported].filter((name) => !name.startsWith('node:')).sort();
    // the optional peers that a command asks for when it is used
    const lazily = Object.keys(published.peerDependencies ?? {}).filter((name) => packages.includes(name));
    expect(packages).toEqual([...Object.keys(published.dependencies), ...lazily].sort());
    for (const peer of Object.keys(published.peerDependencies ?? {})) {
      expect(published.peerDependenciesMeta?.[peer]).toEqual({ optional: true });
      expect(workspace.devDependencies).toHaveProperty([peer]);
    }
  });
});

describe('versions', () => {
  it('have one place, Cargo.toml', () => {
    const version = cargo('version');
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect(locked('pgtap-cov')).toBe(version);
    expect(/^## (\S+)/m.exec(text('CHANGELOG.md'))?.[1]).toBe(version);
    expect(JSON.parse(text('dist/package.json'))).toMatchObject({ version });
    expect([workspace.version, published.version]).toEqual([undefined, undefined]);
  });

  it('of wasm-bindgen are pinned, because program and crate must be of one version', () => {
    const pinned = /^wasm-bindgen = "=(.*)"$/m.exec(text('Cargo.toml'))?.[1];
    expect(pinned).toBeDefined();
    expect(locked('wasm-bindgen')).toBe(pinned);
  });

  it('of Node and the licence are the same everywhere', () => {
    expect(published.engines).toEqual(workspace.engines);
    expect([published.license, workspace.license]).toEqual([cargo('license'), cargo('license')]);
  });
});
