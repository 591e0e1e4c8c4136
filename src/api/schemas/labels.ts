import Type from 'typebox'
import { MOST_LABELS } from '../../controller/commands/label.ts'
import { LABEL_PATTERN } from '../../model/selector.ts'

/** Printable text of any language; nothing that could move a terminal's cursor or turn the direction of writing. */
const PLAIN = '^[^\\p{C}\\p{Zl}\\p{Zp}]*$'

const name = Type.String({ pattern: LABEL_PATTERN })
const value = {
  maxLength: 128,
  pattern: PLAIN,
  'x-expects': 'text of at most 128 printable characters',
}
const limits = `at most ${MOST_LABELS}, with names of at most 63 letters, digits and inner . _ / -`

/** What a node is labelled with. */
export const Labels = Type.Record(name, Type.String(value), {
  maxProperties: MOST_LABELS,
  additionalProperties: false,
  description: `What nodes that join get as labels: ${limits}`,
  examples: [{ rack: 'a1' }],
})

/** A merge patch (RFC 7396) of labels. */
export const LabelChanges = Type.Record(
  name,
  Type.Unsafe<string | null>({
    ...value,
    type: ['string', 'null'],
    'x-expects': 'text of at most 128 printable characters, or null to take the label away',
  }),
  {
    additionalProperties: false,
    description: `Labels to set, and those to take away as null; all others stay. A node has ${limits}`,
    examples: [{ role: 'web', rack: null }],
  },
)
