interface Props<T extends string> {
  /** What is chosen, as people read it. */
  legend: string
  /** The name of the field. */
  name: string
  /** Each value with its name and a sentence about it. */
  choices: [T, string, string][]
  value: T
  disabled?: boolean
  choose: (value: T) => void
}

/** One of a few, each with a sentence. */
export function Choices<T extends string>({ legend, name, choices, value, disabled, choose }: Props<T>) {
  return (
    <fieldset class="choices" disabled={disabled}>
      <legend>{legend}</legend>
      {choices.map(([of, title, note]) => (
        <label key={of} class="choice">
          <input type="radio" name={name} value={of} checked={value === of} onChange={() => choose(of)} />
          <span>
            {title}
            <small>{note}</small>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
