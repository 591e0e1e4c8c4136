import { destination, type Logger, pino } from 'pino'
import { WeftError } from '../errors.ts'

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

/** Bytes that wait while nothing takes them; what comes then is left out. */
const MOST_WAITING = 1_048_576

/**
 * JSON lines on stderr, written at once: the last line before a crash is the one that matters. Where that is a file on a disk
 * that is full, the program goes on, and lines wait for space.
 */
export function openLogger(level: string): Logger {
  const stream = destination({ fd: 2, sync: true, maxLength: MOST_WAITING })
  // It tries the same again with the next line that it takes.
  stream.on('error', () => undefined)
  // Every line was tried by then, and this would try until there is space, however long nothing else is done.
  stream.flushSync = () => undefined
  const log = pino(
    {
      level,
      redact: { paths: SECRET_PATHS, censor: '[redacted]' },
      serializers: { cause: faultText, error: faultText, err: faultText },
    },
    stream,
  )
  let leftOut = 0
  stream.on('drop', () => {
    leftOut += 1
    // With a line that it does not take it would never try again, and nothing would be written any more.
    stream.write('')
  })
  stream.on('drain', () => {
    if (leftOut === 0) return
    log.error({ leftOut }, 'for a while nothing could be written, and lines were left out')
    leftOut = 0
  })
  return log
}

/** Causes of causes that are told. */
const DEPTH = 4

/**
 * What an error says, and why, and not what it carries: that of a Redis client carries the command, which may be the one with
 * the password. Where in the code it happened is told of what nobody foresaw.
 */
export function faultText(fault: unknown, depth = DEPTH): unknown {
  if (!(fault instanceof Error)) return typeof fault === 'object' ? undefined : fault
  const { cause } = fault
  const code = 'code' in fault ? { code: fault.code } : {}
  const isForeseen = fault instanceof WeftError || 'syscall' in fault || fault.name === 'ReplyError'
  return {
    name: fault.name,
    ...code,
    message: withoutArguments(fault.message),
    ...(!isForeseen && { stack: fault.stack }),
    ...(cause !== undefined && depth > 1 && { cause: faultText(cause, depth - 1) }),
  }
}

/** Redis repeats the arguments of a command that it does not know, which `AUTH` may have been renamed to. */
function withoutArguments(message: string): string {
  return message.replace(/,? with args beginning with:.*$/s, '')
}
