using Cote.Http;
using Cote.Usage;
using Cote.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Admin;

static class AdminModule
{
    public static void AddAdmin(this IServiceCollection services)
    {
        services.AddSingleton(new ApiPart(AdminApi.Describe));
        services.AddSingleton<AccountStore>();
        services.AddSingleton<ErasedList>().AddSingleton<BackupDatabase>().AddSingleton<CheckDatabase>();
        services.AddSingleton<Control>();
        services.AddSingleton<RunningExports>();
        services.AddSingleton<ExportStores>();
        services.AddHostedService<ErasureLoop>();
    }

    public static void MapAdmin(this WebApplication app)
    {
        app.MapDelete("/users/me", DeleteMe.Handle).RequireAuthorization().Produces<SuccessBody>()
            .WithTags("Users").WithSummary("Delete the account with all that is in it");
        app.MapGet("/users/me/export", ExportMe.Handle).RequireAuthorization()
            .Produces(200, contentType: "application/json")
            .WithTags("Users").WithSummary("All that is the user's, as one JSON file");
        app.MapGet("/admin/users", ListUsers.Handle).ForAdmins().Produces<IReadOnlyList<AccountInfo>>()
            .WithTags("Admin").WithSummary("All accounts");
        app.MapGet("/admin/audit", ListAudit.Handle).ForAdmins().Produces<IReadOnlyList<AuditEntry>>()
            .WithTags("Admin").WithSummary("What was done to accounts, newest first");
        app.MapGet("/admin/usage", ListAllUsage.Handle).ForAdmins().Produces<IReadOnlyList<UsageSum>>()
            .WithTags("Admin").WithSummary("What the calls of all users have used, by day, model or user");
        app.MapPut("/admin/users/{userId}/budget", SetBudget.Handle).ForAdmins()
            .Takes<BudgetBody>("application/json").Produces<IReadOnlyList<BudgetInfo>>()
            .WithTags("Admin").WithSummary("Give a user caps in place of the configuration's");
        app.UseControl();
    }
}
