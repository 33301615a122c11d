using System.Collections.Concurrent;

namespace Cote.BlackBox.Crash;

/// <summary>
/// What the scripted model says: for each question always the same text, so that whatever a client holds at any moment
/// can be checked word by word. It counts how often it was asked for each, and for a title of it.
/// </summary>
sealed partial class Story
{
    static readonly string[] Words =
        ["dove ", "cote ", "flies ", "home ", "over ", "the ", "hills ", "鸽子 ", "家に帰る ", "🕊️ ", "\ud83d", "\udc26 ",
            "𝄞 ", "ψωμί\n"];

    readonly ConcurrentDictionary<string, int> _calls = [];
    readonly ConcurrentDictionary<string, int> _titles = [];
    readonly int _words;
    readonly TimeSpan _pause;

    public Story(FakeModelServer model, int words, TimeSpan pause)
    {
        (_words, _pause) = (words, pause);
        model.Answer = request =>
        {
            // Neighbours of one role are joined by a blank line: the question is what stands last of the user's.
            var asked = request.Messages.EnumerateArray().Last(x => x.GetProperty("role").GetString() == "user")
                .GetProperty("content").GetString()!;
            if (asked.StartsWith("<question>\n", StringComparison.Ordinal))
            {
                var about = asked.Split('\n')[1];
                _titles.AddOrUpdate(about, 1, (_, calls) => calls + 1);
                return FakeReply.Text(TitleOf(about));
            }
            var question = asked.Split("\n\n")[^1];
            _calls.AddOrUpdate(question, 1, (_, calls) => calls + 1);
            return HasSteps(question) ? Step(question, request) : FakeReply.Paced(_pause, Chunks(question));
        };
    }

    /// <summary>The whole text of the reply to a question.</summary>
    public string To(string question) => HasSteps(question)
        ? string.Join("\n\n", Enumerable.Range(0, Steps).Select(x => StepText(question, x)))
        : string.Concat(Chunks(question));

    /// <summary>The title that the model gives a chat after a question.</summary>
    public static string TitleOf(string question) => "About " + question;

    /// <summary>How often the model was asked for a title after a question.</summary>
    public int TitlesFor(string question) => _titles.GetValueOrDefault(question);

    /// <summary>How often the model was asked.</summary>
    public int CallsFor(string question) => _calls.GetValueOrDefault(question);

    List<string> Chunks(string question, int? words = null)
    {
        var seed = question.Aggregate(17, (hash, unit) => unchecked((hash * 31) + unit));
        var random = new Random(seed);
        var chunks = new List<string>();
        for (var count = random.Next((words ?? _words) / 2, words ?? _words); chunks.Count < count;)
        {
            var word = Words[random.Next(Words.Length)];
            if (word[0] == '\udc26')
                continue;
            chunks.Add(word);
            if (word[0] == '\ud83d' && word.Length == 1)
                chunks.Add("\udc26 "); // a character that comes in two halves
        }
        return chunks;
    }
}
