/** Why a file cannot be made or written, by what the system says: goes on from a colon. */
export function reasonFor(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return REASONS[code] ?? (code || String(cause))
}

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EACCES: 'you may not write there',
  EROFS: 'nothing can be written there',
  ENOSPC: 'there is no space left (ENOSPC)',
  EDQUOT: 'a quota is used up (EDQUOT)',
  EFBIG: 'it would be larger than files may be there (EFBIG)',
  EIO: 'the disk or terminal fails (EIO)',
  EPIPE: 'who was to read it left (EPIPE)',
})
