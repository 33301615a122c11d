using System.Text;
using System.Text.Json;
using Cote.Chats;
using Cote.Models;
using Cote.Primitives;
using Cote.Tools;

namespace Cote.Replies;

/// <summary>
/// What tools and clients return, as it is stored: the beginning of a long output in its call, the whole in a file.
/// </summary>
sealed class ToolOutputs(GeneratedFiles files, ToolsOptions options)
{
    const int LongestError = 4_096;

    /// <summary>The end of a call, and the files that it made.</summary>
    public async Task<(ToolCall Call, IReadOnlyList<Part> Files)> EndAsync(
        string userId, ToolCall call, ToolOutput output, long ms, CancellationToken ct)
    {
        var made = new List<Part>();
        foreach (var file in output.Files)
            made.Add(await KeepAsync(userId, call, new(file.ContentType, file.Name, file.Bytes), ct));
        var part = call.Part with
        {
            State = output.IsError ? CallStates.Failed : CallStates.Done,
            Error = output.IsError ? new(ToolErrors.Failed, "The tool failed") : null,
            Output = output.Text.Length == 0 && made.Count > 0
                ? ToolPart.TextElement(string.Join('\n', made.OfType<FilePart>().Select(x => $"[{x.Name}]")))
                : Value(output),
            Ms = ms,
        };
        return await CutAsync(userId, call.With(part), made, ct);
    }

    /// <summary>The call with as much of its output as is kept, and the whole as a file where that is less.</summary>
    public async Task<(ToolCall Call, IReadOnlyList<Part> Files)> CutAsync(
        string userId, ToolCall call, IEnumerable<Part> files, CancellationToken ct)
    {
        if (!IsLong(call.Part))
            return (call, [.. files]);
        var (text, isText) = (call.Part.OutputText!, call.Part.Output!.Value.ValueKind == JsonValueKind.String);
        var whole = await KeepAsync(userId, call, new(
            "text/plain", $"{call.Part.Name}{(isText ? ".txt" : ".json")}", Encoding.UTF8.GetBytes(text))
        {
            IsText = true,
        }, ct);
        var part = call.Part with
        {
            Output = ToolPart.TextElement(Utf8Text.Beginning(text, options.OutputBytes)),
            Truncated = true,
        };
        return (call.With(part), [.. files, whole]);
    }

    /// <summary>Whether a call has more output than is kept in it.</summary>
    public bool IsLong(ToolPart part) => part is { OutputText: { } text, Truncated: not true }
        && Encoding.UTF8.GetByteCount(text) > options.OutputBytes;

    /// <summary>The end of a call that was not executed, or whose outcome is not known.</summary>
    public static ToolCall Fail(ToolCall call, string code, string detail, bool isUnknown, long? ms = null) =>
        call.With(call.Part with
        {
            State = isUnknown ? CallStates.Unknown : CallStates.Failed,
            Error = new(code, Excerpt.Of(detail.TrimEnd('.'), LongestError)),
            Ms = ms,
        });

    async Task<Part> KeepAsync(string userId, ToolCall call, FileUpdate file, CancellationToken ct) =>
        await files.KeepAsync(userId, file, ct) with { CallId = call.Part.CallId };

    // What is no JSON after all is a text.
    static JsonElement Value(ToolOutput output) => output.IsJson && ToolJson.ValueOf(output.Text) is { } value
        ? value : ToolPart.TextElement(WellFormedText.Of(output.Text));
}
