using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Cote.Scale;

/// <summary>
/// A model that answers at once, in texts whose lengths are spread as the model of use says. Words come by Zipf's law
/// from a vocabulary of twenty thousand, so that the search index has what a language gives it.
/// </summary>
sealed class ScriptedModel(UseModel model) : IChatClient
{
    const int Vocabulary = 20_000;

    static readonly string[] Parts = (
        "ba be bo da de di do fa fe go ha ka la le li lo ma me mi mo na ne no pa ra re ri ro sa se si ta te ti to "
        + "va vi wa ze").Split(' ');

    public static Provider Provider(UseModel model) =>
        new("scale", ["plain"], _ => new ScriptedModel(model)) { Vision = false };

    /// <summary>A text of about so many words: half of that mostly, and four times as much now and then.</summary>
    public static string Text(int seed, int mean)
    {
        var random = new Random(seed);
        var words = (int)Math.Clamp(-Math.Log(1 - random.NextDouble()) * mean, 3, mean * 5);
        return string.Join(' ', Enumerable.Range(0, words).Select(_ => Word(random))) + ".";
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        var question = messages.Last(x => x.Role == ChatRole.User).Text;
        var seed = question.Aggregate(17, (x, y) => unchecked(x * 31 + y));
        if (Math.Abs(seed % model.ThoughtsOneIn) == 0)
            yield return new(ChatRole.Assistant, [new TextReasoningContent(Text(seed + 1, model.ReplyWords))]);
        var reply = Text(seed, model.ReplyWords);
        yield return new(ChatRole.Assistant, reply);
        yield return new()
        {
            Role = ChatRole.Assistant,
            FinishReason = ChatFinishReason.Stop,
            Contents = [new UsageContent(new()
            {
                InputTokenCount = messages.Sum(x => x.Text.Length) / 4 + 20,
                OutputTokenCount = reply.Length / 4,
                TotalTokenCount = 0,
            })],
        };
    }

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose() { }

    // The rank of a word under Zipf's law is about a power of the vocabulary's size.
    static string Word(Random random)
    {
        var rank = (int)Math.Pow(Vocabulary, random.NextDouble());
        var word = "";
        for (var left = rank; left > 0; left /= Parts.Length)
            word += Parts[left % Parts.Length];
        return word;
    }
}
