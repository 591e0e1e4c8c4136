import { useEffect, useState } from 'preact/hooks'
import type { Input } from '../../client/api.ts'
import type { LinkChanges } from '../../client/operations.ts'
import { api } from '../api/client.ts'
import { useRight } from '../rights.ts'
import { plural } from '../text.ts'
import { useAct } from './act.ts'
import { Notice } from './notice.tsx'

interface PolicyProps {
  readonly network: string
  readonly revision: number
  /** What the policy that is tried out would do; undefined: nothing is tried out. */
  readonly preview: LinkChanges | undefined
  readonly onPreview: (changes: LinkChanges | undefined) => void
  readonly nameOf: (id: string) => string
}

/** The policy of the network as a document. A change is seen on the graph before it can be made. */
export function PolicyPanel({ network, revision, preview, onPreview, nameOf }: PolicyProps) {
  const [text, setText] = useState('')
  const [etag, setEtag] = useState<string>()
  const mayChange = useRight('networks:write')
  const { isBusy, error, run } = useAct()
  const read = async () => {
    const found = await api.read('showPolicy', { path: { network } })
    setEtag(found.etag)
    setText(JSON.stringify(found.answer, null, 2))
    onPreview(undefined)
  }
  useEffect(() => {
    run(read)
    return () => onPreview(undefined)
  }, [network])
  const written = () => ({ path: { network }, headers: { 'if-match': etag }, body: parsed(text) })
  const tryOut = async () => onPreview(await api.rehearse('setPolicy', written()))
  const apply = async () => {
    await api.call('setPolicy', written())
    await read()
  }
  return (
    <form
      class="policy"
      onSubmit={(event) => {
        event.preventDefault()
        run(tryOut)
      }}
    >
      <label>
        Who may open what to whom
        <textarea
          name="policy"
          class="mono"
          rows={16}
          spellcheck={false}
          readOnly={!mayChange}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value)
            onPreview(undefined)
          }}
        />
        <span class="hint">
          A rule: {'{"from": "role=web", "to": "role=db", "protocols": ["tcp"], "ports": [5432]}'}. Revision{' '}
          {revision}.
        </span>
      </label>
      <Notice error={error} />
      {preview && <Preview changes={preview} nameOf={nameOf} />}
      {mayChange && (
        <footer>
          <button type="button" class="quiet" disabled={isBusy} onClick={() => run(read)}>
            As it is now
          </button>
          <button type="submit" disabled={isBusy}>
            Preview
          </button>
          <button
            type="button"
            class="primary"
            disabled={isBusy || preview === undefined}
            onClick={() => run(apply)}
          >
            Apply
          </button>
        </footer>
      )}
    </form>
  )
}

/** Pairs of a preview that are named one by one. */
const NAMED = 50

function Preview({
  changes: { appear, disappear },
  nameOf,
}: { readonly changes: LinkChanges } & Pick<PolicyProps, 'nameOf'>) {
  return (
    <section class="difference" data-preview>
      <h3>
        {plural(appear.count, 'link')} would appear, {plural(disappear.count, 'link')} would disappear
      </h3>
      <ul>
        {appear.links.slice(0, NAMED).map(({ a, b }) => (
          <li key={`${a} ${b}`} class="added">
            + {nameOf(a)} – {nameOf(b)}
          </li>
        ))}
        {disappear.links.slice(0, NAMED).map(({ a, b }) => (
          <li key={`${a} ${b}`} class="removed">
            − {nameOf(a)} – {nameOf(b)}
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Whether it is a policy, the controller says. */
function parsed(text: string): Input<'setPolicy'>['body'] {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`This is not JSON: ${cause instanceof Error ? cause.message : 'it cannot be read'}.`)
  }
}
