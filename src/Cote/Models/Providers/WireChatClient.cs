using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace Cote.Models;

/// <summary>
/// A model behind one of the wires. What it refuses by name is left out of the same call and of all later ones: each
/// field costs one more request, and no model has run in those that were refused.
/// </summary>
sealed class WireChatClient(string provider, string model, Wire wire, ModelHttp http, ILogger log) : IChatClient
{
    // The first, and one for each field that can be refused.
    const int MaxRequests = 14;

    /// <summary>
    /// Stands in the additional properties of options whose settings are the caller's wishes: where the model refuses
    /// one, the call fails and is not made without it.
    /// </summary>
    public const string LeavesNothingOut = "cote.leaves_nothing_out";

    const Omissions Wishes = Omissions.Temperature | Omissions.TopP | Omissions.Reasoning | Omissions.Tools
        | Omissions.ToolChoice | Omissions.Images | Omissions.Sound;

    readonly ChatClientMetadata _metadata = new(provider, wire.Endpoint, model);
    // What seals the thoughts of this model, which no other takes.
    readonly string _by = $"{wire.Name}:{provider}/{model}";
    int _omitted = (int)wire.NeverSent;

    /// <summary>False once the model has refused an image because it sees none.</summary>
    public bool SeesImages => (Omitted & Omissions.Images) == 0;

    /// <summary>False once the model has refused a recording because it hears none.</summary>
    public bool HearsAudio => (Omitted & Omissions.Sound) == 0;

    /// <summary>False once the model has refused tools.</summary>
    public bool TakesTools => (Omitted & Omissions.Tools) == 0;

    Omissions Omitted => (Omissions)Volatile.Read(ref _omitted);

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var response = await GetStreamingResponseAsync(messages, options, cancellationToken)
            .ToChatResponseAsync(cancellationToken);
        foreach (var message in response.Messages)
            message.Contents = [.. message.Contents.Where(x => x is not ToolCallProgress)];
        return response;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var prompt = messages.ToList();
        var hasBegun = false;
        var kept = options?.AdditionalProperties?.ContainsKey(LeavesNothingOut) == true ? Wishes : Omissions.None;
        for (var requests = 1; ; requests++)
        {
            var omitted = Omitted & ~kept | wire.NeverSent;
            var request = new WireRequest(model, _by, Turns.Of(prompt, omitted, _by), options, omitted);
            var asksAgain = false;
            await using var updates = CallAsync(request, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                try
                {
                    if (!await updates.MoveNextAsync())
                        yield break;
                }
                catch (UpstreamErrorException refusal) when (!hasBegun && requests < MaxRequests)
                {
                    if (!Learn(refusal, request, kept))
                        throw;
                    asksAgain = true;
                }
                if (asksAgain)
                    break;
                hasBegun |= updates.Current.Contents.Count > 0;
                yield return updates.Current;
            }
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        // The transport belongs to the provider and lives as long as the process.
    }

    async IAsyncEnumerable<ChatResponseUpdate> CallAsync(
        WireRequest request, [EnumeratorCancellation] CancellationToken ct)
    {
        // Leaving this block closes the connection: a response that is not read to its end is not pooled.
        using var answer = await http.PostAsync(wire.Endpoint, wire.Headers, wire.Write(request), ct);
        await using var body = await ContentCoding.OpenAsync(answer.Content, ct);
        using var events = new EventReader(body);
        var reply = new ReplyReader(wire, _by);
        while (!reply.IsOver && await ReadAsync(events, reply, ct))
        {
            if (reply.Take(events.Current) is { } update)
                yield return update;
            if (reply.Failure is { } failure)
                throw failure;
        }
        if (reply.Close(events, IsDelimited(answer)) is { } fault)
            throw new ModelFaultException(fault);
    }

    static async ValueTask<bool> ReadAsync(EventReader events, ReplyReader reply, CancellationToken ct)
    {
        try
        {
            return await events.ReadAsync(ct);
        }
        catch (ModelFaultException) when (reply.HasFinished)
        {
            return false;
        }
    }

    // Without a length or chunks an HTTP/1 body ends where the connection does, for whatever reason.
    static bool IsDelimited(HttpResponseMessage answer) => answer.Version.Major > 1
        || answer.Content.Headers.ContentLength is not null || answer.Headers.TransferEncodingChunked == true;

    // False where nothing can be left out.
    bool Learn(UpstreamErrorException refusal, WireRequest request, Omissions kept)
    {
        var refused = Refusals.Of(refusal, request);
        if (refused == Omissions.None || (refused & kept) != 0)
            return false;
        if ((Interlocked.Or(ref _omitted, (int)refused) & (int)refused) == 0)
            log.RefusedField(provider, model, refused);
        // A question about an image cannot be answered without it; one after it can.
        return refused == Omissions.Images && request.Turns[^1].HasImages
            || refused == Omissions.Sound && request.Turns[^1].HasSound
            ? throw new ModelFaultException(ModelFault.UnsupportedMedia) : true;
    }
}
