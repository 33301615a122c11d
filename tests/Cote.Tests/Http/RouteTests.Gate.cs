using Cote.Tests.Harness;
using Microsoft.AspNetCore.Authorization;

namespace Cote.Tests.Http;

public sealed partial class RouteTests
{
    [Fact]
    [Trait("Rows", "none")]
    public async Task A_route_asks_for_a_user_or_for_nobody_and_has_no_rule_that_the_gate_would_pass_over()
    {
        await using var app = await CoteApp.StartAsync();

        var marks = app.Endpoints.SelectMany(x => x.Metadata).ToList();

        var asking = marks.OfType<IAuthorizeData>().ToList();
        asking.Count.ShouldBeGreaterThan(50);
        asking.ShouldAllBe(x => x.Policy == null && x.Roles == null && x.AuthenticationSchemes == null);
        marks.ShouldNotContain(
            x => x is IAllowAnonymous || x is AuthorizationPolicy || x is IAuthorizationRequirementData);
    }
}
