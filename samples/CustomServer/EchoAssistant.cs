using System.Runtime.CompilerServices;
using Cote;
using Microsoft.Extensions.AI;

namespace CustomServer;

/// <summary>
/// An assistant that says back what it was told. A real one would call its model where this one splits words.
/// </summary>
sealed class EchoAssistant : IChatClient
{
    const int MostWords = 500;

    public static Provider Provider() => new("echo", ["plain"], model => new EchoAssistant());

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var last = messages.Last();
        // As a real model does it: a call now, and an answer when the result is in the prompt.
        if (last.Text.StartsWith("notes: ", StringComparison.Ordinal)
            && options?.Tools?.Any(x => x.Name == Notes.Find) == true)
        {
            yield return new(ChatRole.Assistant, [new FunctionCallContent(
                "call_1", Notes.Find, new Dictionary<string, object?> { ["word"] = last.Text["notes: ".Length..] })]);
            yield return new() { Role = ChatRole.Assistant, FinishReason = ChatFinishReason.ToolCalls };
            yield break;
        }
        var result = last.Contents.OfType<FunctionResultContent>().LastOrDefault()?.Result?.ToString();
        var words = (result ?? last.Text).Split(' ');
        if (words.Length > MostWords)
            throw new ModelFaultException(ModelFault.ContextTooLong); // the reply fails with this code and sentence
        foreach (var word in words)
        {
            await Task.Delay(20, cancellationToken);
            yield return new(ChatRole.Assistant, word + " ");
        }
        // Without a finish reason the reply would count as cut off: failed, truncated.
        yield return new() { Role = ChatRole.Assistant, FinishReason = ChatFinishReason.Stop };
    }

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose() { }
}
