import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { link, lstat, open, rename, rm } from 'node:fs/promises'
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
 * Makes a new file, for its owner only, that takes long: of what `write` puts into a draft beside it. It is there as a whole
 * or not at all, whatever happens; who is killed leaves the draft, whose name says so. Its name is not on the disk yet: see
 * `keepName`. Rejects with EEXIST, at once if there is one, and else when there is one at the end.
 */
export async function makeWhole<Result>(
  path: string,
  write: (draft: string) => Promise<Result>,
): Promise<Result> {
  await refuseTaken(path)
  const draft = `${path}.${randomBytes(4).toString('hex')}.new`
  using _ = unfinished(draft)
  await claim(draft)
  try {
    const result = await write(draft)
    await sync(draft)
    await place(draft, path)
    return result
  } finally {
    await rm(draft, { force: true })
  }
}

async function refuseTaken(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined)
  if (there) throw Object.assign(new Error(`There is a file ${path} already.`), { code: 'EEXIST' })
}

async function claim(path: string): Promise<void> {
  await using _ = await open(path, 'wx', 0o600)
}

/** What file systems say that have no second names, such as those of memory sticks, and of some servers. */
const WITHOUT_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** Never over another file, as rename(2) would. */
async function place(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path)
  } catch (cause) {
    if (!WITHOUT_LINKS.has(codeOf(cause))) throw cause
    await claim(path)
    await rename(draft, path)
  }
}

/** Takes the draft away when somebody ends the program (Ctrl-C). Not when its terminal is closed, which `nohup` has it ignore. */
function unfinished(draft: string): Disposable {
  const end = (signal: NodeJS.Signals) => {
    rmSync(draft, { force: true })
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

/** What folders answer that cannot be opened or have no fsync: one may write there all the same, and no more can be done. */
const WITHOUT_SYNC: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP', 'ENOSYS'])

/** Resolves when a power cut does not take the name of a file away any more, as far as its folder lets one see to that. */
export async function keepName(path: string): Promise<void> {
  try {
    await sync(dirname(path))
  } catch (cause) {
    if (!WITHOUT_SYNC.has(codeOf(cause))) throw cause
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}

/** Resolves when a file is on the disk, or the names in a directory: a name is durable when its directory is (fsync(2)). */
export async function sync(path: string): Promise<void> {
  await using handle = await open(path)
  await handle.sync()
}
