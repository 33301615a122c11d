using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>GET /import/{import_id}</c>: how far an import in the background has come.</summary>
static class GetImport
{
    public static async Task<IResult> Handle(
        string importId, CurrentUser user, ImportStore imports, CancellationToken ct)
    {
        if (Ids.Parse(importId) is not { } id || await imports.FindAsync(user.Id, id, ct) is not { } import)
            return ApiResults.Of(Problems.ImportNotFound);
        var skipped = await imports.ListSkippedAsync(user.Id, id, ct);
        return ApiResults.Json(
            new ImportStatus(import.Id, import.State, import.Chats, import.Messages, skipped, import.Error),
            ImportJson.Default.ImportStatus);
    }
}
