using System.Globalization;

namespace Cote.Media.Reading;

/// <summary>What a number in a cell is, as its format says.</summary>
enum NumberKind
{
    Plain,
    Percent,
    Date,
    Time,
    DateAndTime,
    Elapsed,
}

/// <summary>Numbers of spreadsheets as text: dates in ISO 8601, all else with a point and no separators.</summary>
static class NumberFormats
{
    const double MostDays = 2_958_466; // the first day of the year 10,000
    const double LeapDayThatNeverWas = 60;
    const long SecondsOfDay = 86_400;

    /// <summary>The kind of a format that is not written down, because every program has it.</summary>
    public static NumberKind KindOf(int builtIn) => builtIn switch
    {
        9 or 10 => NumberKind.Percent,
        (>= 14 and <= 17) or (>= 27 and <= 31) or (>= 50 and <= 54) or 36 or 57 or 58 => NumberKind.Date,
        (>= 18 and <= 21) or (>= 32 and <= 35) or 45 or 47 or 55 or 56 => NumberKind.Time,
        22 => NumberKind.DateAndTime,
        46 => NumberKind.Elapsed,
        _ => NumberKind.Plain,
    };

    /// <summary>The kind of a format such as <c>[$-409]d-mmm-yy;@</c>.</summary>
    public static NumberKind KindOf(string code)
    {
        bool hasDay = false, hasTime = false, isElapsed = false, hasPercent = false, hasMonth = false;
        for (var i = 0; i < code.Length && code[i] != ';'; i++)
        {
            var letter = char.ToLowerInvariant(code[i]);
            if (letter is '\\' or '_' or '*')
                i++;
            else if (letter is '"' or '[')
            {
                var end = code.IndexOf(letter == '"' ? '"' : ']', i + 1);
                if (end < 0)
                    break;
                isElapsed |= letter == '[' && code[(i + 1)..end].Trim('h', 'H', 'm', 'M', 's', 'S').Length == 0;
                i = end;
            }
            else if (code.AsSpan(i).StartsWith("General", StringComparison.OrdinalIgnoreCase))
                i += "General".Length - 1;
            hasDay |= letter is 'y' or 'd';
            hasTime |= letter is 'h' or 's';
            hasMonth |= letter == 'm';
            hasPercent |= letter == '%';
        }
        return isElapsed ? NumberKind.Elapsed
            : hasDay && hasTime ? NumberKind.DateAndTime
            : hasDay || (hasMonth && !hasTime) ? NumberKind.Date
            : hasTime ? NumberKind.Time
            : hasPercent ? NumberKind.Percent
            : NumberKind.Plain;
    }

    /// <summary>A number as it is stored, in words that a format gives it.</summary>
    public static string Show(string stored, NumberKind kind, bool from1904)
    {
        if (!double.TryParse(stored, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            || !double.IsFinite(number))
            return stored;
        return kind switch
        {
            NumberKind.Plain => Plain(number),
            NumberKind.Percent => Plain(number * 100) + "%",
            NumberKind.Elapsed => Elapsed(number),
            _ when number is < 0 or >= MostDays => Plain(number),
            NumberKind.Time when number < 1 => Clock(SecondsOf(number)),
            _ => Date(number, kind == NumberKind.DateAndTime, from1904),
        };
    }

    /// <summary>With the fifteen digits that spreadsheets show of a number.</summary>
    public static string Plain(double number) => number.ToString("G15", CultureInfo.InvariantCulture);

    // Days begin at 1899-12-31 and count a 1900-02-29, or begin at 1904-01-01.
    static string Date(double number, bool hasTime, bool from1904)
    {
        var seconds = SecondsOf(number);
        var days = seconds / SecondsOfDay;
        seconds %= SecondsOfDay;
        if (!from1904 && days == LeapDayThatNeverWas)
            return "1900-02-29";
        var first = from1904 ? new DateTime(1904, 1, 1)
            : new DateTime(1899, 12, days < LeapDayThatNeverWas ? 31 : 30);
        if ((DateTime.MaxValue - first).TotalDays < days + 1)
            return Plain(number);
        var day = first.AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return hasTime || seconds > 0 ? day + "T" + Clock(seconds) : day;
    }

    static long SecondsOf(double days) => (long)Math.Round(days * SecondsOfDay);

    static string Clock(long seconds)
    {
        var clock = TimeSpan.FromSeconds(seconds);
        return clock.ToString(clock.Seconds == 0 ? @"hh\:mm" : @"hh\:mm\:ss", CultureInfo.InvariantCulture);
    }

    static string Elapsed(double number)
    {
        var seconds = Math.Abs(number) < MostDays ? SecondsOf(Math.Abs(number)) : 0;
        return string.Create(CultureInfo.InvariantCulture,
            $"{(number < 0 ? "-" : "")}{seconds / 3_600}:{seconds / 60 % 60:00}:{seconds % 60:00}");
    }
}
