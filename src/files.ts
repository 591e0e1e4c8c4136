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
  await syncDirectory(path)
}

/** Puts `text` in place of what a file says: all or nothing, and for good when this resolves. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.new`
  await write(draft, text, 0o600)
  await rename(draft, path)
  await syncDirectory(path)
}

async function write(path: string, text: string, mode: number): Promise<void> {
  await using file = await open(path, 'w', mode)
  await file.writeFile(text)
  await file.sync()
}

/** A name is durable when its directory is (fsync(2)). */
async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(dirname(path), 'r')
  await directory.sync()
}
