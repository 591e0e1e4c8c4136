import { useEffect, useRef, useState } from 'preact/hooks'
import { APART_WHYS, LINK_PATHS, LINK_STATES, type View } from '../graph/view.ts'
import { change } from '../route.ts'
import { useDraft } from './draft.ts'

interface ToolbarProps {
  readonly view: View
  readonly by: string | undefined
  /** Names of labels that members have. */
  readonly labels: readonly string[]
}

/** Search, filters and grouping; all of it goes into the address. */
export function Toolbar({ view, by, labels }: ToolbarProps) {
  const label = useDraft(view.label)
  return (
    <search class="toolbar">
      <SearchField view={view} />
      <fieldset class="chips">
        <legend>State</legend>
        {LINK_STATES.map((state) => (
          <Chip key={state} name="state" word={state} chosen={view.states} />
        ))}
      </fieldset>
      <fieldset class="chips">
        <legend>Path</legend>
        {LINK_PATHS.map((kind) => (
          <Chip key={kind} name="path" word={kind} chosen={view.paths} />
        ))}
      </fieldset>
      <fieldset class="chips">
        <legend>Pairs without a link</legend>
        {APART_WHYS.map((why) => (
          <Chip key={why} name="apart" word={why} chosen={view.apart} />
        ))}
      </fieldset>
      <input
        name="label"
        aria-label="Label"
        class="short"
        list="label-names"
        placeholder="label=value"
        {...label}
        onChange={(event) => change({ label: event.currentTarget.value }, { replace: true })}
      />
      <datalist id="label-names">
        {labels.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <select
        name="by"
        aria-label="Group members"
        value={by ?? '-'}
        onChange={(event) => change({ by: event.currentTarget.value, open: undefined })}
      >
        <option value="-">no groups</option>
        {[...new Set(['site', ...(by === undefined ? [] : [by]), ...labels])].map((each) => (
          <option key={each} value={each}>
            by {each}
          </option>
        ))}
      </select>
      <Switch name="lag" word="lagging" isOn={view.lagging} />
      <Switch name="focus" word="focus" isOn={view.focus} />
    </search>
  )
}

/** Milliseconds without a key before the search is made. */
const PAUSE = 120

function SearchField({ view }: { readonly view: View }) {
  const [text, setText] = useState(view.search)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => setText(view.search), [view.search])
  return (
    <input
      id="search"
      type="search"
      aria-label="Search members"
      placeholder="Search name, address, label   /"
      value={text}
      onInput={(event) => {
        const { value } = event.currentTarget
        setText(value)
        clearTimeout(timer.current)
        timer.current = setTimeout(() => change({ q: value }, { replace: true }), PAUSE)
      }}
    />
  )
}

interface ChipProps {
  readonly name: string
  readonly word: string
  readonly chosen: readonly string[]
}

function Chip({ name, word, chosen }: ChipProps) {
  const isOn = chosen.includes(word)
  const others = chosen.filter((each) => each !== word)
  return (
    <button
      type="button"
      class={`chip ${word}`}
      aria-pressed={isOn}
      onClick={() => change({ [name]: (isOn ? others : [...chosen, word]).join(',') }, { replace: true })}
    >
      <span class="dot" aria-hidden="true" />
      {word}
    </button>
  )
}

function Switch({
  name,
  word,
  isOn,
}: {
  readonly name: string
  readonly word: string
  readonly isOn: boolean
}) {
  return (
    <button
      type="button"
      class="chip"
      aria-pressed={isOn}
      onClick={() => change({ [name]: isOn ? undefined : '1' }, { replace: true })}
    >
      {word}
    </button>
  )
}
