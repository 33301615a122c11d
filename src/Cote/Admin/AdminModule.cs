using Cote.Chats;
using Cote.Http;
using Cote.Notices;
using Cote.Replies;
using Cote.Usage;
using Cote.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Admin;

static class AdminModule
{
    public static void AddAdmin(this IServiceCollection services)
    {
        services.AddSingleton(new ApiPart(AdminApi.Describe));
        services.AddSingleton<AccountStore>();
        services.AddSingleton<ErasedList>().AddSingleton<BackupDatabase>().AddSingleton<CheckDatabase>();
        services.AddSingleton<AccountChanges>().AddSingleton<AccountNumbers>();
        services.AddSingleton<NodeReports>().AddSingleton<OpenReplyStore>().AddSingleton<UserCount>();
        services.AddSingleton<Control>();
        services.AddSingleton<RunningExports>();
        services.AddSingleton<ExportStores>();
        services.AddHostedService<ErasureLoop>();
        services.AddHostedService<NodeReportLoop>();
    }

    public static void MapAdmin(this WebApplication app)
    {
        app.MapDelete("/users/me", DeleteMe.Handle).RequireAuthorization().Produces<SuccessBody>()
            .WithTags("Users").WithSummary("Delete the account with all that is in it");
        app.MapGet("/users/me/export", ExportMe.Handle).RequireAuthorization()
            .Produces(200, contentType: "application/json")
            .WithTags("Users").WithSummary("All that is the user's, as one JSON file");
        app.MapAccounts();
        app.MapState();
        app.UseControl();
    }

    static void MapAccounts(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/users", ListUsers.Handle).ForAdmins().Produces<IReadOnlyList<AccountInfo>>()
            .WithSummary("All accounts, or those whose name or address holds a text");
        var user = routes.MapGroup("/admin/users/{userId}");
        user.MapGet("", GetAccount.Handle).ForAdmins().Produces<AccountDetail>()
            .WithSummary("An account with what belongs to it, in numbers");
        user.MapPost("/disable", DisableAccount.Handle).ForAdmins().Produces<AccountInfo>()
            .WithSummary("End every session and key of a user, and refuse further logins");
        user.MapPost("/enable", EnableAccount.Handle).ForAdmins().Produces<AccountInfo>()
            .WithSummary("Let a user log in again");
        user.MapPut("/budget", SetBudget.Handle).ForAdmins()
            .Takes<BudgetBody>("application/json").Produces<IReadOnlyList<BudgetInfo>>()
            .WithSummary("Give a user caps in place of the configuration's");
        user.MapGet("/sessions", ListSessionsOfUser.Handle).ForAdmins().Produces<IReadOnlyList<SessionInfo>>()
            .WithSummary("Where a user is logged in, newest login first");
        user.MapDelete("/sessions", EndSessionsOfUser.Handle).ForAdmins().Produces<SuccessBody>()
            .WithSummary("Log a user out everywhere");
        user.MapDelete("/sessions/{sessionId}", EndSessionOfUser.Handle).ForAdmins().Produces<SuccessBody>()
            .WithSummary("Log a device of a user out");
        user.MapGet("/devices", ListDevicesOfUser.Handle).ForAdmins().Produces<IReadOnlyList<Device>>()
            .WithSummary("Where a user gets pushes, newest first, without tokens");
        user.MapDelete("/devices/{deviceId}", RemoveDeviceOfUser.Handle).ForAdmins().Produces<SuccessBody>()
            .WithSummary("Push nothing to a device of a user any more");
        user.MapGet("/keys", ListKeysOfUser.Handle).ForAdmins().Produces<IReadOnlyList<ApiKey>>()
            .WithSummary("A user's API keys, newest first, without the keys themselves");
        user.MapPost("/keys/enable", EnableKeysOfUser.Handle).ForAdmins().Produces<EnabledBody>()
            .WithSummary("Let all keys of a user work again that a restore has disabled");
        user.MapDelete("/keys/{keyId}", DeleteKeyOfUser.Handle).ForAdmins().Produces<SuccessBody>()
            .WithSummary("End an API key of a user, and the sockets that it has opened");
        user.MapPost("/keys/{keyId}/enable", EnableKeyOfUser.Handle).ForAdmins().Produces<SuccessBody>()
            .WithSummary("Let a key work again that a restore has disabled");
        user.MapGet("/shares", ListSharesOfUser.Handle).ForAdmins().Produces<IReadOnlyList<Share>>()
            .WithSummary("A user's links to chats, newest first, without their tokens");
        user.MapPost("/shares/enable", EnableSharesOfUser.Handle).ForAdmins().Produces<EnabledBody>()
            .WithSummary("Let all links of a user work again that a restore has disabled");
        user.MapDelete("/shares/{shareId}", DeleteShareOfUser.Handle).ForAdmins().Produces<SuccessBody>()
            .WithSummary("End a link of a user, and the streams that it has opened");
        user.MapPost("/shares/{shareId}/enable", EnableShareOfUser.Handle).ForAdmins().Produces<SuccessBody>()
            .WithSummary("Let a link work again that a restore has disabled");
    }

    static void MapState(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/overview", GetOverview.Handle).ForAdmins().Produces<Overview>()
            .WithSummary("The installation in numbers: version, database, nodes, accounts, open replies");
        routes.MapGet("/admin/audit", ListAudit.Handle).ForAdmins().Produces<IReadOnlyList<AuditEntry>>()
            .WithSummary("What was done to accounts, newest first");
        routes.MapGet("/admin/usage", ListAllUsage.Handle).ForAdmins().Produces<IReadOnlyList<UsageSum>>()
            .WithSummary("What the calls of all users have used, by day, model or user");
        routes.MapGet("/admin/replies", ListReplies.Handle).ForAdmins().Produces<IReadOnlyList<OpenReply>>()
            .WithSummary("The replies that have not ended, and what holds them, the oldest first");
        routes.MapPost("/admin/replies/{replyId}/stop", StopReply.Handle).ForAdmins().Produces<StopResult>()
            .WithSummary("End a reply of any user");
        routes.MapGet("/admin/providers", ListProviders.Handle).ForAdmins().Produces<IReadOnlyList<ProviderInfo>>()
            .WithSummary("The providers of models and the MCP servers, as each node sees them");
        routes.MapGet("/admin/webhooks", ListWebhooks.Handle).ForAdmins().Produces<IReadOnlyList<FailedWebhook>>()
            .WithSummary("What webhooks could not be told and is given up, newest first");
        routes.MapGet("/admin/webhooks/endpoints", ListEndpoints.Handle).ForAdmins()
            .Produces<IReadOnlyList<WebhookState>>().WithSummary("How each configured webhook does");
        routes.MapPost("/admin/webhooks/{webhookId}/retry", RetryWebhook.Handle).ForAdmins().Produces<SuccessBody>()
            .WithSummary("Try for another day to tell what was given up");
        routes.MapDelete("/admin/webhooks/{webhookId}", DropWebhook.Handle).ForAdmins().Produces<SuccessBody>()
            .WithSummary("Take what was given up off the list");
    }
}
