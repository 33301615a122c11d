using Cote.Media;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Cote.Chats;

/// <summary>
/// <c>POST /import</c>: the chats of an export. A small one is done when it is answered; a large one, or with
/// <c>Prefer: respond-async</c> any, is checked, stored and done in the background.
/// </summary>
static class ImportChats
{
    const int MostUnfinished = 3;

    static readonly Problem TooMany = Problems.TooManyRequests with
    {
        Detail = "Imports of this account are running; wait until one has ended",
        RetryAfter = TimeSpan.FromSeconds(10),
    };

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, ImportUpload upload, RunningImports running, string? again,
        CancellationToken ct)
    {
        var request = new RequestReader();
        if (again is not (null or "" or "true" or "false"))
            request.AddQueryError("again", "it is true or false", again);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        var (path, problem) = await upload.ReceiveAsync(http, ct);
        if (path is null)
            return ApiResults.Of(problem!);
        try
        {
            await using var file = await running.OpenAsync(path, ct);
            var isAgain = again == "true";
            if (WantsToWait(http.Request.Headers["Prefer"]) && new FileInfo(path).Length <= ImportLimits.BytesAtOnce)
                return await running.RunAsync(user.Id, isAgain, MostUnfinished, file, null, ct) is { } report
                    ? ApiResults.Json(report, ImportJson.Default.ImportReport)
                    : ApiResults.Of(TooMany);
            if (await running.StoreAsync(user.Id, isAgain, MostUnfinished, path, ct) is not { } id)
                return ApiResults.Of(TooMany);
            http.Response.Headers.Location = $"/import/{id}";
            return new AcceptedResult(ApiResults.Write(new AcceptedImport(id), ImportJson.Default.AcceptedImport));
        }
        finally
        {
            File.Delete(path);
        }
    }

    // RFC 7240: a list of preferences, in one header or in several.
    static bool WantsToWait(StringValues prefer) => !prefer.SelectMany(x => x?.Split(',') ?? [])
        .Any(x => x.Split(';')[0].Trim().Equals("respond-async", StringComparison.OrdinalIgnoreCase));

    sealed class AcceptedResult(byte[] json) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status202Accepted;
            httpContext.Response.ContentType = "application/json; charset=utf-8";
            return httpContext.Response.Body.WriteAsync(json, httpContext.RequestAborted).AsTask();
        }
    }
}
