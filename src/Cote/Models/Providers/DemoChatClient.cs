using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>
/// The assistant that is always there: no key, no network. Besides a plain conversation it plays, by the name of the
/// model, what goes wrong with real ones, so that an app can be tried against each.
/// </summary>
sealed class DemoChatClient(string model, TimeProvider time) : IChatClient
{
    public const string Provider = "demo";

    public static readonly string[] Models =
        ["demo", "slow", "long", "instant", "fail-mid-way", "stall", "rate-limited", .. DemoParts.Models];

    const int WordsBeforeTrouble = 8;
    const int WordsOfLong = 4_000;

    // More than the reply loop is willing to wait, so that the app sees the fault.
    static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(60);

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (model == "rate-limited")
        {
            throw new ModelFaultException(ModelFault.RateLimited with { RetryAfter = RetryAfter });
        }
        var prompt = messages.ToList();
        if (DemoParts.Of(model, prompt, options, Question(prompt)) is { } step)
        {
            await foreach (var update in PlayAsync(step, prompt, options, cancellationToken))
                yield return update;
            yield break;
        }
        var words = model == "long" ? Long(Question(prompt)) : Answer(Question(prompt));
        var limit = Math.Min(words.Count, options?.MaxOutputTokens ?? int.MaxValue);
        var (atOnce, pause) = model switch
        {
            "instant" => (int.MaxValue, TimeSpan.Zero),
            "slow" => (1, TimeSpan.FromSeconds(1)),
            "long" => (20, TimeSpan.FromMilliseconds(10)),
            _ => (1, TimeSpan.FromMilliseconds(30)),
        };
        for (var said = 0; said < limit;)
        {
            if (said == WordsBeforeTrouble && model == "fail-mid-way")
            {
                throw new HttpIOException(HttpRequestError.ResponseEnded);
            }
            if (said == WordsBeforeTrouble && model == "stall")
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
            }
            if (said > 0)
            {
                await Task.Delay(pause, time, cancellationToken);
            }
            var now = Math.Min(atOnce, limit - said);
            yield return new ChatResponseUpdate(ChatRole.Assistant, string.Concat(words.GetRange(said, now)));
            said += now;
        }
        yield return new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            ModelId = model,
            FinishReason = limit < words.Count ? ChatFinishReason.Length : ChatFinishReason.Stop,
            Contents = [new UsageContent(Usage(prompt, limit))],
        };
    }

    async IAsyncEnumerable<ChatResponseUpdate> PlayAsync(
        DemoStep step, List<ChatMessage> prompt, ChatOptions? options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var limit = Math.Min(step.Pieces.Count, options?.MaxOutputTokens ?? int.MaxValue);
        for (var said = 0; said < limit; said++)
        {
            if (said > 0)
                await Task.Delay(TimeSpan.FromMilliseconds(30), time, cancellationToken);
            yield return new ChatResponseUpdate(ChatRole.Assistant, [step.Pieces[said]]);
        }
        yield return new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            ModelId = model,
            FinishReason = limit < step.Pieces.Count ? ChatFinishReason.Length
                : step.Pieces.Any(x => x is FunctionCallContent) ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
            Contents = [new UsageContent(step.Usage ?? Usage(prompt, limit))],
        };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
        // Nothing is held.
    }

    static string Question(List<ChatMessage> prompt)
    {
        var last = prompt.FindLast(message => message.Role == ChatRole.User);
        var text = last?.Text.ReplaceLineEndings(" ").Trim() ?? "";
        if (text.Length == 0)
        {
            return last is null ? "nothing at all" : "a picture or a file";
        }
        // Cut between characters: half an emoji would reach the app as a stand-in.
        var shown = text.EnumerateRunes().Take(200).Aggregate(new StringBuilder(), (sb, rune) => sb.Append(rune));
        return $"“{shown}{(shown.Length < text.Length ? "…" : "")}”";
    }

    static List<string> Answer(string question) =>
    [
        .. Words(
        $"Hello! I am Cote's demo assistant. You wrote: {question}. I am no language model and know nothing about it, "
        + "but everything around me is real: this reply streams, is stored as it grows, and can be stopped. "
        + "Set OPENAI_API_KEY or ANTHROPIC_API_KEY to talk to a model that thinks. 🕊️"),
    ];

    static List<string> Long(string question)
    {
        // Beyond the basic plane and beside it: an app that counts offsets in anything but UTF-16 units will show it.
        string[] verses =
        [
            "A dove flies home over hills and harbours, and the letter it carries arrives whole. ",
            "鸽子飞回家， 信一封也没有丢。 鳩は必ず 家に帰る。 비둘기는 집으로 돌아온다. ",
            "Emoji of several parts travel too: 👩‍👩‍👧‍👦 🏳️‍🌈 🇪🇺 👍🏽 𝄞 and back again. ",
            "Ζεστό ψωμί, тёплый хлеб, warm bread: every word counts, and none counts twice.\n\n",
        ];
        var words = Words($"I am Cote's demo assistant, and this is a long reply to {question}.\n\n").ToList();
        for (var verse = 0; words.Count < WordsOfLong; verse++)
        {
            words.AddRange(Words(verses[verse % verses.Length]));
        }
        return words;
    }

    /// <summary>Each word with the space after it.</summary>
    internal static IEnumerable<string> Words(string text)
    {
        var start = 0;
        for (var i = 1; i <= text.Length; i++)
        {
            if (i == text.Length || (char.IsWhiteSpace(text[i - 1]) && !char.IsWhiteSpace(text[i])))
            {
                yield return text[start..i];
                start = i;
            }
        }
    }

    static UsageDetails Usage(List<ChatMessage> prompt, int said)
    {
        var asked = prompt.Sum(message => Words(message.Text).Count());
        return new UsageDetails { InputTokenCount = asked, OutputTokenCount = said, TotalTokenCount = asked + said };
    }
}
