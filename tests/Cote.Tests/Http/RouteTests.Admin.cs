namespace Cote.Tests.Http;

// The routes of admins.
public sealed partial class RouteTests
{
    const string KeyId = "0190a0b0-0000-7000-8000-000000000007";
    const string User = "/admin/users/0190a0b0-0000-7000-8000-000000000006";
    const string Webhook = "/admin/webhooks/0190a0b0-0000-7000-8000-000000000010";
    const string Reply = "/admin/replies/0190a0b0-0000-7000-8000-000000000009";

    /// <summary>Every route that wants a token, with a body that would be taken.</summary>
    public static TheoryData<string, string, string?> Closed => [.. OfUsers, .. OfAdmins];

    static TheoryData<string, string, string?> OfAdmins => new()
    {
        { "GET", "/admin/users", null },
        { "GET", "/admin/audit", null },
        { "GET", "/admin/usage", null },
        { "GET", "/admin/overview", null },
        { "GET", "/admin/replies", null },
        { "POST", Reply + "/stop", null },
        { "GET", "/admin/providers", null },
        { "GET", "/admin/webhooks", null },
        { "GET", "/admin/webhooks/endpoints", null },
        { "POST", Webhook + "/retry", null },
        { "DELETE", Webhook, null },
        { "GET", User, null },
        { "POST", User + "/disable", null },
        { "POST", User + "/enable", null },
        { "PUT", User + "/budget", """{"day_tokens":1}""" },
        { "GET", User + "/sessions", null },
        { "DELETE", User + "/sessions", null },
        { "DELETE", User + Session, null },
        { "GET", User + "/devices", null },
        { "DELETE", User + Device, null },
        { "GET", User + "/keys", null },
        { "POST", User + "/keys/enable", null },
        { "DELETE", User + "/keys/" + KeyId, null },
        { "POST", User + "/keys/" + KeyId + "/enable", null },
        { "GET", User + "/shares", null },
        { "POST", User + "/shares/enable", null },
        { "DELETE", User + Share, null },
        { "POST", User + Share + "/enable", null },
    };

    static string WithoutAdmins(string path) => path.Replace(User, "/admin/users/{userId}")
        .Replace("/keys/" + KeyId, "/keys/{keyId}").Replace(Reply, "/admin/replies/{replyId}")
        .Replace(Webhook, "/admin/webhooks/{webhookId}");
}
