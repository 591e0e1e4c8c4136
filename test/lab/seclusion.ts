import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'

/** Folders of their own for what labs leave on a machine, so that labs of others are not seen, nor see these. */
export interface Seclusion extends AsyncDisposable {
  /** To be put before a program that is to run in it. */
  readonly enter: readonly string[]
  /** The same path as it is seen from outside. */
  outside(path: string): string
  /** What labs have there now: folders, namespaces, control sockets. */
  traces(): string[]
}

const FOLDERS = ['/run/weft-lab', '/run/netns', '/run/wireguard']

/** A mount namespace with empty folders, which lives as long as a process that does nothing else. */
export async function openSeclusion(): Promise<Seclusion> {
  const mounts = FOLDERS.map((folder) => `mkdir -p ${folder} && mount -t tmpfs -o mode=0700 lab ${folder}`)
  const script = `${mounts.join(' && ')} && echo ready && exec sleep infinity`
  const holder = spawn('unshare', ['--mount', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  const outside = (path: string) => `/proc/${holder.pid}/root${path}`
  return {
    enter: ['nsenter', '--mount', `--target=${holder.pid}`, `--wd=${process.cwd()}`],
    outside,
    traces: () =>
      FOLDERS.flatMap((folder) => readdirSync(outside(folder)).map((name) => `${folder}/${name}`)),
    async [Symbol.asyncDispose]() {
      const gone = once(holder, 'exit')
      holder.kill('SIGKILL')
      await gone
    },
  }
}
