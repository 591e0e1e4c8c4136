import { open } from 'node:fs/promises'

/** Resolves when a file, or the names in a directory, are on the disk. */
export async function sync(path: string): Promise<void> {
  await using handle = await open(path)
  await handle.sync()
}
