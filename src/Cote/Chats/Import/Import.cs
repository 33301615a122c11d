using System.Text.Json.Serialization;

namespace Cote.Chats;

/// <summary>An import, as it is stored.</summary>
/// <param name="FileId">The file among the blobs; null where the request that runs it has it.</param>
/// <param name="IsAgain">Whether chats that are here are imported once more, under new ids.</param>
/// <param name="NextItem">The items before it are done: where it goes on after a restart.</param>
/// <param name="Attempts">How often it was begun.</param>
sealed record Import(
    string UserId, string Id, string State, string? FileId, bool IsAgain, Timestamp CreatedAt, long NextItem,
    long Attempts, long Chats, long Messages, GenerationError? Error);

/// <summary>The states of an import. They stand in the database: their names may never change.</summary>
static class ImportStates
{
    public const string Queued = "queued";
    public const string Running = "running";
    public const string Done = "done";
    public const string Failed = "failed";
}

/// <summary>A chat that an import left out, or that lost messages.</summary>
/// <param name="Item">Its place in the file, from 0.</param>
/// <param name="Reason">One of <see cref="SkipReasons"/>.</param>
sealed record SkippedItem(long Item, string Reason);

/// <summary>What an import did.</summary>
/// <param name="Chats">The chats that are here now and were not before.</param>
/// <param name="Messages">Their messages.</param>
/// <param name="Skipped">One entry for each chat that was left out or lost messages.</param>
sealed record ImportReport(long Chats, long Messages, IReadOnlyList<SkippedItem> Skipped);

/// <summary>The answer to an import that goes on in the background.</summary>
sealed record AcceptedImport(string Id);

/// <summary>How far an import has come.</summary>
/// <param name="Error">Why it failed.</param>
sealed record ImportStatus(
    string Id, string State, long Chats, long Messages, IReadOnlyList<SkippedItem> Skipped,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GenerationError? Error = null);

/// <summary>The form of <c>POST /import</c>, for OpenAPI alone: the route reads it as a stream.</summary>
sealed record ImportForm(Microsoft.AspNetCore.Http.IFormFile File);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ImportReport))]
[JsonSerializable(typeof(AcceptedImport))]
[JsonSerializable(typeof(ImportStatus))]
sealed partial class ImportJson : JsonSerializerContext;
