from rest_framework.routers import SimpleRouter

from contracts.api.viewsets import ContractViewSet

router = SimpleRouter(use_regex_path=False)
router.register("contracts", ContractViewSet, basename="contract")
urlpatterns = router.urls
