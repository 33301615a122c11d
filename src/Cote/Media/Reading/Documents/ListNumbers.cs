namespace Cote.Media.Reading;

/// <summary>The numbers of the items of numbered lists: one begins anew below an item of the list around it.</summary>
sealed class ListNumbers
{
    const int MostLists = 10_000;
    const int Deepest = 16;

    readonly Dictionary<string, int[]> _last = new(StringComparer.Ordinal);

    public int Next(string list, int level)
    {
        if (!_last.TryGetValue(list, out var numbers))
        {
            numbers = new int[Deepest];
            if (_last.Count < MostLists)
                _last[list] = numbers;
        }
        level = Math.Clamp(level, 0, Deepest - 1);
        Array.Clear(numbers, level + 1, Deepest - level - 1);
        return ++numbers[level];
    }
}
