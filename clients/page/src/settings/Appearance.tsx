import { useState } from 'preact/hooks'
import { setTheme, theme, type Theme } from '../state/theme.ts'
import { Choices } from '../ui/Choices.tsx'

const choices: [Theme, string, string][] = [
  ['system', 'As the device', 'Light by day and dark by night, where the device does so.'],
  ['light', 'Light', 'Dark letters on paper.'],
  ['dark', 'Dark', 'Light letters on ink.'],
]

export function Appearance() {
  const [chosen, setChosen] = useState(theme)
  return (
    <Choices
      legend="Theme"
      name="theme"
      choices={choices}
      value={chosen}
      choose={(value) => {
        setTheme(value)
        setChosen(value)
      }}
    />
  )
}
