import { destination, type Logger, pino } from 'pino'

/** Where secrets would be if a whole request or set of settings were ever logged by accident. */
const SECRET_PATHS = [
  'authorization',
  '*.authorization',
  '*.headers.authorization',
  'token',
  '*.token',
  'secret',
  '*.secret',
  'join',
  '*.join',
  'identity',
  '*.identity',
]

/** JSON lines on stderr, written at once: the last line before a crash is the one that matters. */
export function openLogger(level: string): Logger {
  return pino(
    { level, redact: { paths: SECRET_PATHS, censor: '[redacted]' } },
    destination({ fd: 2, sync: true }),
  )
}
