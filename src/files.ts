import { rmSync } from 'node:fs'
import { link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a file that must not be lost, for its owner only. When this resolves a power cut does not take it away, and before
 * that there is no half of it. Rejects with EEXIST when there is one.
 */
export async function makeFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.new`
  await rm(draft, { force: true })
  await write(draft, text, 0o400)
  try {
    await link(draft, path)
  } finally {
    await rm(draft)
  }
  await sync(dirname(path))
}

/** Puts `text` in place of what a file says: all or nothing, and for good when this resolves. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const draft = draftOf(path)
  await write(draft, text, 0o600)
  await rename(draft, path)
  await sync(dirname(path))
}

/** What `replaceFile` writes before it is put in place; a crash may leave it there. */
export function draftOf(path: string): string {
  return `${path}.new`
}

async function write(path: string, text: string, mode: number): Promise<void> {
  await using file = await open(path, 'w', mode)
  await file.writeFile(text)
  await file.sync()
}

/**
 * Until this is disposed of, who ends the program (Ctrl-C) takes the file away that it is making: half of one is of no use, and in
 * the way of the next try. Not when its terminal is closed, which `nohup` has it ignore.
 */
export function unfinished(path: string): Disposable {
  const end = (signal: NodeJS.Signals) => {
    rmSync(path, { force: true })
    ignore()
    process.kill(process.pid, signal)
  }
  const ignore = () => {
    for (const signal of ENDINGS) process.off(signal, end)
  }
  for (const signal of ENDINGS) process.on(signal, end)
  return { [Symbol.dispose]: ignore }
}

const ENDINGS = ['SIGINT', 'SIGTERM'] as const

/** Resolves when a file is on the disk, or the names in a directory: a name is durable when its directory is (fsync(2)). */
export async function sync(path: string): Promise<void> {
  await using handle = await open(path)
  await handle.sync()
}
