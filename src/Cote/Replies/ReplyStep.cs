using Cote.Chats;
using Cote.Models;
using Cote.Primitives;
using Microsoft.Extensions.AI;

namespace Cote.Replies;

/// <summary>A call that failed is made again at this moment.</summary>
/// <param name="Code">What it failed by.</param>
/// <param name="At">The moment.</param>
sealed record ModelRetry(string Code, Timestamp At);

/// <summary>One model call of a run: what the model yields is shown as it comes.</summary>
sealed class ReplyStep(PendingReplyRow reply, ReplyWriter writer, ReplyRunContext context)
{
    const int MostCitations = 500;
    const int MostFiles = 64;
    const int LongestTitle = 500;
    const int LongestSnippet = 2_000;
    const int LongestUrl = 2_048;

    readonly List<CitationUpdate> _citations = [];
    readonly List<FunctionCallContent> _calls = [];
    readonly List<string> _sealed = [];
    int _files;
    volatile ModelRetry? _retry;
    int? _textStart; // Where the text of this call begins in the content.

    /// <summary>The tools that the model asks for, in its order.</summary>
    public IReadOnlyList<FunctionCallContent> Calls => _calls;

    /// <summary>What the provider demands back of its thoughts.</summary>
    public IReadOnlyList<string> Sealed => _sealed;

    /// <summary>Until when the call waits to be made again; null where it does not wait.</summary>
    public ModelRetry? Retry => _retry is { } retry && retry.At > context.Clock.Now ? retry : null;

    /// <summary>Runs the call to its end.</summary>
    /// <param name="call">The call.</param>
    /// <param name="beginAgain">What is done before the call is repeated; false where that may not be.</param>
    /// <param name="ct">Ends the run.</param>
    /// <exception cref="OperationCanceledException">The run was ended meanwhile.</exception>
    public async Task<ModelResult> RunAsync(ModelCall call, Func<Task<bool>> beginAgain, CancellationToken ct)
    {
        try
        {
            await foreach (var update in call.RunAsync(ct))
                if (await TakeAsync(update, beginAgain, ct) is { } result)
                    return result; // Leaving the loop closes the model's connection.
            return new(ModelFault.Truncated, null, null);
        }
        finally
        {
            // They would cut the text into pieces where it is cited.
            foreach (var citation in _citations)
                writer.Add(PartOf(citation));
        }
    }

    // The result where the call is over.
    async Task<ModelResult?> TakeAsync(ModelUpdate update, Func<Task<bool>> beginAgain, CancellationToken ct)
    {
        switch (update)
        {
            case Retrying retrying:
                context.Log.ModelCallRetried(reply.Id, retrying.Fault.Code, retrying.Wait);
                _sealed.Clear();
                if (!await beginAgain())
                    return new(ModelFault.BudgetExceeded, null, null);
                _retry = new(retrying.Fault.Code, context.Clock.Now + retrying.Wait);
                break;
            case TextUpdate text when !Show(text.Text):
                return new(ModelFault.TooLong, null, null);
            case ThoughtUpdate thought:
                writer.AppendThought(thought.Text);
                break;
            case CitationUpdate citation when _citations.Count < MostCitations && IsOfUse(citation):
                _citations.Add(citation);
                break;
            case ToolCallUpdate { Call: var asked }:
                _calls.Add(asked);
                break;
            case SealedUpdate { Data: var data }:
                _sealed.Add(data);
                break;
            case FileUpdate file when _files++ < MostFiles:
                writer.Add(await context.Files.KeepAsync(reply.UserId, file, ct));
                break;
            case ModelResult result:
                if (result.Fault is { } fault)
                    context.Log.ModelCallFailed(
                        reply.Id, reply.Model, fault.Code, result.Error?.GetType().Name ?? "no exception");
                return result;
        }
        return null;
    }

    // False where the reply has reached its longest length.
    bool Show(string text)
    {
        var room = context.Options.MaxReplyLength - Math.Max(writer.Length, reply.PrefixLength);
        var isWhole = text.Length <= room;
        if (!isWhole)
            text = Excerpt.Of(text, Math.Max(0, room));
        if (text.Length == 0)
            return isWhole;
        writer.Append(text);
        _textStart ??= writer.Length - text.Length;
        return isWhole;
    }

    static bool IsOfUse(CitationUpdate citation) =>
        UrlOf(citation) is not null || citation.Title.Length > 0 || citation.Snippet is { Length: > 0 };

    SourcePart PartOf(CitationUpdate citation)
    {
        var (url, length) = (UrlOf(citation), writer.Length - (_textStart ?? writer.Length));
        var hasRange = citation is { Start: >= 0, End: { } end } && citation.Start < end && end <= length;
        return new(
            Excerpt.Of(citation.Title.Length > 0 ? citation.Title : url ?? "", LongestTitle), url,
            Snippet: citation.Snippet is { Length: > 0 } snippet ? Excerpt.Of(snippet, LongestSnippet) : null,
            Start: hasRange ? _textStart + citation.Start : null, End: hasRange ? _textStart + citation.End : null);
    }

    static string? UrlOf(CitationUpdate citation) =>
        citation.Url is { IsAbsoluteUri: true, Scheme: "http" or "https" } url && url.AbsoluteUri.Length <= LongestUrl
            ? url.AbsoluteUri : null;
}
