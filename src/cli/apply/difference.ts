import type { ApplyResult } from '../../client/operations.ts'
import { printable } from '../printable.ts'

type Step = ApplyResult['changes'][number]

const SIGNS: Readonly<Record<Step['change'], string>> = { add: '+', change: '~', remove: '-' }

/** What would change, line by line; what it would do to links; and what would stay that is not in the file. */
export function differenceText({ changes, kept, links }: ApplyResult): string {
  if (changes.length === 0) return `Nothing to do: all is as the file says.\n${keptText(kept)}`
  const effect = links
    ? ` ${links.appear.count} links would appear, ${links.disappear.count} would disappear; ${links.push.count} members would be sent ${links.push.bytes} bytes.`
    : ''
  return `${lines(changes)}\n${countText(changes)}.${effect}\n${keptText(kept)}`
}

/** `Done: 2 added, 1 changed, 0 removed.` */
export function appliedText({ changes }: ApplyResult): string {
  return `Done: ${countText(changes)}.\n`
}

/** Lines of what is kept that are shown. */
const MOST_KEPT = 20

function keptText(kept: readonly Step[]): string {
  if (kept.length === 0) return ''
  const more = kept.length > MOST_KEPT ? `  and ${kept.length - MOST_KEPT} more\n` : ''
  const shown = kept.slice(0, MOST_KEPT).map((step) => ({ ...step, change: undefined }))
  return `\nThere, and not in the file (--prune takes it away):\n${lines(shown)}${more}`
}

function countText(changes: readonly Step[]): string {
  const count = (kind: Step['change']) => changes.filter(({ change }) => change === kind).length
  return `${count('add')} added, ${count('change')} changed, ${count('remove')} removed`
}

function lines(
  steps: readonly (Omit<Step, 'change'> & { readonly change: Step['change'] | undefined })[],
): string {
  return steps
    .map(({ change, path, before, after }) => {
      const value = [before, after].filter((part) => part !== undefined).join(' -> ')
      const sign = change === undefined ? ' ' : SIGNS[change]
      return `${printable(`${sign} ${path}${value === '' ? '' : `: ${value}`}`)}\n`
    })
    .join('')
}
