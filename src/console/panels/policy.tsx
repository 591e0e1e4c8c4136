import { useEffect, useState } from 'preact/hooks'
import type { LinkChanges, Policy } from '../../api/schemas/policy.ts'
import { ask, path } from '../api/client.ts'
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
  const [etag, setEtag] = useState('')
  const mayChange = useRight('networks:write')
  const { isBusy, error, run } = useAct()
  const url = path`/v1/networks/${network}/policy`
  const read = async () => {
    const response = await ask(url, {})
    setEtag(response.headers.get('etag') ?? '')
    setText(JSON.stringify((await response.json()) as Policy, null, 2))
    onPreview(undefined)
  }
  useEffect(() => {
    run(read)
    return () => onPreview(undefined)
  }, [network])
  const put = async (query: string) => {
    const headers: Record<string, string> = etag === '' ? {} : { 'if-match': etag }
    return ask(`${url}${query}`, { method: 'PUT', body: parsed(text), headers })
  }
  const tryOut = async () => onPreview((await (await put('?dryRun=true')).json()) as LinkChanges)
  const apply = async () => {
    await put('')
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`This is not JSON: ${cause instanceof Error ? cause.message : 'it cannot be read'}.`)
  }
}
