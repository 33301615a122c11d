using System.Globalization;
using Cote.Notices;
using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary><c>GET /admin/webhooks</c>: what webhooks could not be told and is given up, the newest first.</summary>
static class ListWebhooks
{
    const int Usual = 100;

    public static async Task<IResult> Handle(
        HttpContext http, WebhookStore webhooks, string? limit, string? before, CancellationToken ct)
    {
        var request = new RequestReader();
        var most = request.QueryInteger("limit", limit, 1, Page.MostItems) ?? Usual;
        var from = PlaceOf(before);
        if (from is null && !string.IsNullOrEmpty(before))
            request.AddQueryError("before", "it is from the Link of the page before", before);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        var list = await webhooks.ListFailedAsync(most + 1, from, ct);
        if (list.Count > most)
        {
            list = [.. list.Take((int)most)];
            var place = $"{list[^1].FailedAt.Milliseconds.ToString(CultureInfo.InvariantCulture)}.{list[^1].Id}";
            http.Response.Headers.Link = Page.Next($"/admin/webhooks?before={place}&limit={most}");
        }
        return ApiResults.Json(list, AccountJson.Default.IReadOnlyListFailedWebhook);
    }

    // When it was given up, in Unix milliseconds, and its id.
    static (Timestamp FailedAt, string Id)? PlaceOf(string? text) =>
        text?.Split('.') is [var time, var rest] && FailedWebhook.ParseId(rest) is { } id
        && long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? (new(milliseconds), id) : null;
}

/// <summary><c>GET /admin/webhooks/endpoints</c>: how each configured endpoint does, by its name.</summary>
static class ListEndpoints
{
    public static async Task<IResult> Handle(WebhookStore webhooks, CancellationToken ct) =>
        ApiResults.Json(await webhooks.ListStatesAsync(ct), AccountJson.Default.IReadOnlyListWebhookState);
}

/// <summary><c>POST /admin/webhooks/{id}/retry</c>: it is tried for another day, under the same id.</summary>
static class RetryWebhook
{
    public static readonly Problem NotFailed = Problems.NotFound with { Detail = "No such failed webhook" };

    public static async Task<IResult> Handle(string webhookId, HttpContext http, WebhookStore webhooks, Audit audit)
    {
        if (FailedWebhook.ParseId(webhookId) is not { } id || !await webhooks.RetryAsync(
            id, (batch, itIs) => audit.Add(batch, AuditActions.WebhookRetried, null, http, id, itIs)))
            return ApiResults.Of(NotFailed);
        return ApiResults.Success;
    }
}

/// <summary><c>DELETE /admin/webhooks/{id}</c>: it is taken off the list, and never told.</summary>
static class DropWebhook
{
    public static async Task<IResult> Handle(string webhookId, HttpContext http, WebhookStore webhooks, Audit audit)
    {
        if (FailedWebhook.ParseId(webhookId) is not { } id || !await webhooks.DropAsync(
            id, (batch, itIs) => audit.Add(batch, AuditActions.WebhookDropped, null, http, id, itIs)))
            return ApiResults.Of(RetryWebhook.NotFailed);
        return ApiResults.Success;
    }
}
