namespace Cote.Scale;

/// <summary>How a kind of people uses the product.</summary>
/// <param name="Name">The kind.</param>
/// <param name="Templates">How many templates of it are played; of thirty, that is also its share.</param>
/// <param name="ActiveDays">The days of thirty on which one sends something.</param>
/// <param name="ChatsADay">The new chats of such a day; what is sent besides goes on in older ones.</param>
/// <param name="TurnsADay">The questions of such a day, each with its reply.</param>
sealed record Habit(string Name, int Templates, int ActiveDays, int ChatsADay, int TurnsADay);

/// <summary>
/// What people do in a month, and what the installation keeps of it. docs/operations.md has it as a table, and decision
/// 0057 says why it is so.
/// </summary>
sealed record UseModel
{
    /// <summary>One figure for all: what is measured is what a user of the mix leaves, not how many use what.</summary>
    public static readonly UseModel Default = new();

    /// <summary>18.7 % of all are active on a day, and 49 turns a month is the mean.</summary>
    public IReadOnlyList<Habit> Habits { get; init; } =
    [
        new("light", 18, 2, 1, 4),
        new("regular", 9, 8, 2, 6),
        new("heavy", 3, 20, 3, 15),
    ];

    /// <summary>The days of the month.</summary>
    public int Days { get; init; } = 30;

    /// <summary>
    /// Three of ten accounts are made in the month, spread over it; the others are there when it begins.
    /// </summary>
    public double NewAccounts { get; init; } = 0.3;

    /// <summary>Words of a question, from a long-tailed distribution.</summary>
    public int QuestionWords { get; init; } = 30;

    /// <summary>Words of a reply, likewise.</summary>
    public int ReplyWords { get; init; } = 170;

    /// <summary>How many words a reply gains in a second: a checkpoint is written each second.</summary>
    public int WordsASecond { get; init; } = 45;

    /// <summary>One of so many questions has a picture. Their bytes stand beside the database.</summary>
    public int MediaOneIn { get; init; } = 25;

    /// <summary>The bytes of a picture, for the figure of media alone: none is written.</summary>
    public long MediaBytes { get; init; } = 300_000;

    /// <summary>One of so many replies has thoughts.</summary>
    public int ThoughtsOneIn { get; init; } = 5;

    /// <summary>One of so many replies is made again, rated, or deleted with its question.</summary>
    public int AgainOneIn { get; init; } = 30;
    public int RatedOneIn { get; init; } = 40;
    public int DeletedOneIn { get; init; } = 60;

    /// <summary>One of so many chats is deleted, on a later day.</summary>
    public int ChatsDeletedOneIn { get; init; } = 12;

    /// <summary>Events older than this go, but for the newest so many of a user: fewer than as it ships.</summary>
    public int RetentionDays { get; init; } = 7;
    public int RetentionEvents { get; init; } = 100;

    public int Templates => Habits.Sum(x => x.Templates);

    /// <summary>The mean of a user over all days of the model.</summary>
    public double TurnsOfUser => Habits.Sum(x => (double)x.Templates * x.ActiveDays * x.TurnsADay) / Templates
        * Days / 30;

    /// <summary>On how many of this month's days one of a habit is active; one at least.</summary>
    public int ActiveDaysOf(Habit habit) => Math.Max(1, habit.ActiveDays * Days / 30);
}
