import { useState } from 'preact/hooks'
import { setTheme, theme, type Theme } from '../state/theme.ts'

const choices: [Theme, string, string][] = [
  ['system', 'As the device', 'Light by day and dark by night, where the device does so.'],
  ['light', 'Light', 'Dark letters on paper.'],
  ['dark', 'Dark', 'Light letters on ink.'],
]

export function Appearance() {
  const [chosen, setChosen] = useState(theme)
  return (
    <fieldset class="choices">
      <legend>Theme</legend>
      {choices.map(([value, name, note]) => (
        <label key={value} class="choice">
          <input
            type="radio"
            name="theme"
            value={value}
            checked={chosen === value}
            onChange={() => {
              setTheme(value)
              setChosen(value)
            }}
          />
          <span>
            {name}
            <small>{note}</small>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
